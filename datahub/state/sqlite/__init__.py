"""The ledger that ships: one SQLite file beside the project."""
