"""`python -m datahub` is `dhm`."""

from __future__ import annotations

from datahub.cli.main import main

if __name__ == "__main__":
    main()
