"""Damaged input: whatever is given, the answer is a diagnostic, a bad record or `BadInput`, within a bounded time."""
