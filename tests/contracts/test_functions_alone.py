"""A function is the same whichever modules are loaded, and in whatever order."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from datahub.functions import homes, load

LOADED = """
import json, os, random, sys
import pyarrow.compute
from importlib import import_module
from pkgutil import iter_modules
import datahub.functions as functions
from datahub.functions.declare import REGISTRY

def told(name):
    one = dict.__getitem__(REGISTRY, name)
    return [one.kind, one.category, one.summary, one.distinct, one.slow, *(over.signature for over in one.overloads)]
"""
SHUFFLED = """
modules = [module.name for module in iter_modules(functions.__path__, "datahub.functions.")]
random.Random(int(sys.argv[1])).shuffle(modules)
for module in modules:
    import_module(module)
print(json.dumps({name: told(name) for name in functions.load()}))
"""
ALONE = """
found = {}
for name, its in json.loads(sys.argv[1]).items():
    reading, writing = os.pipe()
    if not os.fork():
        functions.load_some([name], its)
        assert REGISTRY[name] and len(REGISTRY) < 330, "all are loaded"
        os.write(writing, json.dumps(told(name)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        found[name] = json.loads(answer.read())
    assert os.wait()[1] == 0
print(json.dumps(found))
"""


def told(name: str) -> list[object]:
    one = load()[name]
    return [one.kind, one.category, one.summary, one.distinct, one.slow, *(over.signature for over in one.overloads)]


def answer(code: str, *arguments: str) -> dict[str, list[object]]:
    return json.loads(subprocess.run([sys.executable, "-c", LOADED + code, *arguments], capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("seed", range(3))
def test_which_module_is_loaded_first_does_not_count(seed):
    assert {name: told(name) for name in load()} == answer(SHUFFLED, str(seed))


def test_a_function_is_whole_when_its_own_modules_are_loaded():
    several = [name for name in load() if len(homes([name])) > 1]
    assert len(several) > 20
    chosen = [*several, *sorted(load())[::12]]
    assert {name: told(name) for name in chosen} == answer(ALONE, json.dumps({name: homes([name]) for name in chosen}))


def test_what_was_loaded_in_part_is_found_whole():
    code = "\nimport datahub.functions.text_search\nassert 'replace' in REGISTRY and 'slug' not in REGISTRY\nprint(json.dumps({name: (REGISTRY[name], told(name))[1] for name in ('replace', 'length')}))"
    assert {name: told(name) for name in ("replace", "length")} == answer(code)
