"""The engine held against the reference: the same expressions and scripts over the same rows, values, nulls, rejects and codes."""
