"""Rejected rows of jobs' runs: which there are, why, and once more after they were corrected."""
