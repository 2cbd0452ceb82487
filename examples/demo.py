"""`make demo`: checks a script with mistakes, runs one without on a price list with mistakes, and shows what came out."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

TOUR = Path(__file__).parent / "tour"
OUT = Path("out") / "tour"


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    script, feed = TOUR / "offers.dhm", TOUR / "feed.csv"
    tell("1. A script with three mistakes is checked. No data is needed for that.")
    dhm("check", shown(TOUR / "mistakes.dhm"), expected=1)
    tell("2. The same script without mistakes runs over a price list that has its own.")
    show(feed)
    dhm("check", shown(script), expected=0)
    dhm("run", shown(script), "--source", f"feed={shown(feed)}", "--out", OUT.as_posix(), expected=0)
    tell("3. What was good is written:")
    show(OUT / "Offer.jsonl")
    tell("4. What was not is kept as it came, with the reasons, to be corrected and sent again:")
    show(OUT / "run" / "rejects" / "feed.csv")
    tell(f"Everything is in {OUT}. The scripts are in {shown(TOUR)}; README.md goes on from here.")


def dhm(*arguments: str, expected: int) -> None:
    print(f"$ dhm {' '.join(arguments)}\n", flush=True)
    ended = subprocess.run([sys.executable, "-m", "datahub", *arguments], check=False).returncode
    print(flush=True)
    if ended != expected:
        sys.exit(f"dhm {arguments[0]} ended with {ended}, where {expected} was expected")


def show(path: Path) -> None:
    print(f"$ cat {shown(path)}\n\n{path.read_text(encoding='utf-8')}", flush=True)


def tell(text: str) -> None:
    print(f"\n{text}\n", flush=True)


def shown(path: Path) -> str:
    """The path as one would type it from here."""
    here = Path.cwd()
    return path.resolve().relative_to(here).as_posix() if path.resolve().is_relative_to(here) else str(path)


if __name__ == "__main__":
    main()
