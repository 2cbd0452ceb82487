"""NumPy loaded without what `dhm` does not use is NumPy to whoever uses it."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
import sys
from datahub.cli.late_numpy import make_numpy_light
make_numpy_light()
import numpy as np
import pyarrow as pa
assert not any(type(one).__module__ == "datahub.cli.loaded_otherwise" for one in sys.meta_path)
assert pa.array(np.arange(3)).to_pylist() == [0, 1, 2]
assert not isinstance(np.arange(3), np.ma.MaskedArray)
assert np.unique(np.array([2, 1, 2])).tolist() == [1, 2] and not np.ma.is_masked(np.arange(3))
assert not {"numpy.ma.core", "numpy._typing", "numpy._core._add_newdocs"} & set(sys.modules)
"""
WAYS = {
    "called": "made = np.ma.MaskedArray([1, 2], mask=[0, 1])",
    "derived": "class X(np.ma.MaskedArray): pass\nmade = X([1, 2], mask=[0, 1])",
    "named": "from numpy.ma import masked_array\nmade = masked_array([1, 2], mask=[0, 1])",
    "below": "import numpy.ma.core\nmade = numpy.ma.core.array([1, 2], mask=[0, 1])",
    "beside": "import numpy.ma.mrecords\nmade = numpy.ma.array([1, 2], mask=[0, 1])",
    "as ever": "import numpy.ma as ma\nmade = ma.array([1, 2], mask=[0, 1])",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_arrays_with_masks_are_there_when_they_are_asked_for(way):
    told = "assert isinstance(made, np.ma.MaskedArray) and np.ma.is_masked(made)\nassert pa.array(made).to_pylist() == [1, None]\nassert np.ma.core.MaskedArray is sys.modules['numpy.ma'].MaskedArray"
    subprocess.run([sys.executable, "-c", f"{BEGIN}\n{way}\n{told}"], check=True)


def test_types_for_checkers_are_the_real_ones():
    told = "import numpy.typing as npt\nassert 'ndarray' in str(npt.NDArray) and npt.ArrayLike\nassert np.linalg.eig(np.eye(2)).eigenvalues.sum() == 2"
    subprocess.run([sys.executable, "-c", f"{BEGIN}\n{told}"], check=True)
