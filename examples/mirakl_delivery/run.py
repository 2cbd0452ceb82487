"""The whole way on one machine: a feed in, a fake of Mirakl that takes it, and what was refused back in `rejects`.

    python examples/mirakl_delivery/run.py [FOLDER]
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from datahub.dev.mirakl import KEY, FakeMirakl
from datahub.dev.serving import FakeServer

HERE = Path(__file__).parent


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="mirakl-delivery-")) / "project"
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("run.py", "__pycache__", ".dhm"))
    shop = FakeMirakl(pace=0)
    with FakeServer(shop) as server:
        environment = {**os.environ, "MIRAKL_URL": server.url, "MIRAKL_KEY": KEY}
        # Mirakl allows one call a minute; the fake was told to allow any.
        environment["DHM_CONNECTIONS__MARKETPLACE__FREQUENCY"] = "0.05"
        command = [sys.executable, "-m", "datahub", "run", "offers"]
        ended = subprocess.run(command, cwd=folder, env=environment, check=False)
    print("the shop has:")
    for sku, offer in sorted(shop.offers.items()):
        print(f"  {sku}  {offer['price']}  {offer['quantity']}")
    for path in sorted((folder / "rejects").glob("*")):
        print(f"{path.name}:")
        print("".join(f"  {line}" for line in path.read_text(encoding="utf-8").splitlines(keepends=True)), end="")
    print(f"the project lies in {folder}")
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
