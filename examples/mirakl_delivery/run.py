"""The whole way on one machine: a feed over SFTP, a fake of Mirakl that takes it, and what was refused back over SFTP.

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
from datahub.dev.sftp import PASSWORD, SftpFolder

HERE = Path(__file__).parent


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="mirakl-delivery-"))
    project, erp = folder / "project", folder / "erp"
    shutil.copytree(HERE, project, ignore=shutil.ignore_patterns("run.py", "erp", "__pycache__", ".dhm"))
    shutil.copytree(HERE / "erp", erp)
    for name in ("done", "rejects"):
        (erp / name).mkdir()
    shop = FakeMirakl(pace=0)
    with FakeServer(shop) as marketplace, SftpFolder(erp) as host:
        environment = {
            **os.environ,
            "ERP_PORT": str(host.port),
            "ERP_PASSWORD": PASSWORD,
            "ERP_FINGERPRINT": host.fingerprint,
            "MIRAKL_URL": marketplace.url,
            "MIRAKL_KEY": KEY,
            # Mirakl allows one call a minute; the fake was told to allow any.
            "DHM_CONNECTIONS__MARKETPLACE__FREQUENCY": "0.05",
        }
        for command in (["connections", "test"], ["run", "offers"]):
            print(f"> dhm {' '.join(command)}", flush=True)
            ended = subprocess.run([sys.executable, "-m", "datahub", *command], cwd=project, env=environment, check=False)
            if ended.returncode:
                return ended.returncode
    print("the shop has:")
    for sku, offer in sorted(shop.offers.items()):
        print(f"  {sku}  {offer['price']}  {offer['quantity']}")
    print("the SFTP server has:")
    for path in sorted(path for path in erp.rglob("*") if path.is_file()):
        print(f"  {path.relative_to(erp).as_posix()}")
        if path.parent.name == "rejects":
            print("".join(f"    {line}\n" for line in path.read_text(encoding="utf-8").splitlines()), end="")
    print(f"all of it lies in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
