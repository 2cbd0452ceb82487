"""The one way anything is registered: import every module of a package, and let its decorators run."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def load_all(package: ModuleType) -> None:
    """Import every module below `package`, so that what they declare is known."""
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
