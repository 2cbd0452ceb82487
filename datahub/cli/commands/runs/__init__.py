"""Runs of jobs: what became of them, and what to do with those that wait, are held or failed."""
