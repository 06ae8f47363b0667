"""Nothing that the program reads from a file can run code: hardly a module of the package knows how to unpickle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import neural_gallery

PACKAGE = Path(neural_gallery.__file__).parent
UNPICKLERS = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "torch", "orbax"}
TRUSTED = {"workers/link.py", "workers/wire.py"}
"""What processes of one command say to each other, in a cluster that can run any code in them anyway."""

ONLY_WRITES = {"pages/identity.py"}
"""For a hash; what it writes is read by nobody."""

CALLS = {"eval", "exec", "compile", "__import__", "unsafe_load", "full_load"}


def suspects(source: str) -> Iterator[str]:
    """What in a module's source could run what a file says."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in UNPICKLERS)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in UNPICKLERS:
            yield str(node.module)
        elif isinstance(node, ast.Call):
            yield from _called(node)


def _called(node: ast.Call) -> Iterator[str]:
    name = ast.unparse(node.func)
    allowed = [ast.unparse(keyword.value) for keyword in node.keywords if keyword.arg == "allow_pickle"]
    if name in CALLS or name == "yaml.load" or name.endswith((".unsafe_load", ".full_load")):
        yield name
    if name in {"np.load", "numpy.load"} and allowed != ["False"]:  # said aloud, whatever NumPy's default is
        yield f"{name} without allow_pickle=False"
    elif allowed not in ([], ["False"]):
        yield f"{name} with allow_pickle={allowed[0]}"


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_module_can_run_what_a_file_says(module: Path) -> None:
    """Neither by unpickling nor by evaluating, nor by a YAML loader that makes objects."""
    name, source = module.relative_to(PACKAGE).as_posix(), module.read_text("utf-8")
    known = ["pickle"] if name in TRUSTED | ONLY_WRITES else []
    assert list(suspects(source)) == known
    if name in ONLY_WRITES:
        used = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
        assert used & {"load", "loads", "Unpickler"} == set()


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "import torch.serialization",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "np.lib.format.read_array(file, allow_pickle=True)",
        "yaml.load(text, Loader=yaml.Loader)",
        "yaml.unsafe_load(text)",
        "eval(text)",
    ],
)
def test_what_is_looked_for_is_found(line: str) -> None:
    """The look itself sees each of these."""
    assert len(list(suspects(line))) == 1
