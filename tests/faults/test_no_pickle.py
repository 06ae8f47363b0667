"""Nothing that the program reads can run code: no module of the package knows how to unpickle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import neural_gallery

PACKAGE = Path(neural_gallery.__file__).parent
UNPICKLERS = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "torch", "orbax"}
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
    assert list(suspects(module.read_text("utf-8"))) == []


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
