"""`python -m datahub` is `dhm`."""

from __future__ import annotations

from datahub.cli.main import program

if __name__ == "__main__":
    program()
