"""The rooms keep to themselves: imports point one way, and only the studio knows JAX."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import neural_gallery
from neural_gallery.workers.messages import Painter

PACKAGE = Path(neural_gallery.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))

SHARED = {"neural_gallery", "errors", "folders", "temporaries", "site.model", "store.pixels", "workers.messages"}
"""What every room may import: errors, records, names of folders and of temporary files, and how pixels are packed."""

NO_ROOMS: dict[str, set[str]] = {
    "__init__": {"api"},
    "__main__": {"cli"},
    "errors": set(),
    "folders": set(),
    "temporaries": set(),
}
"""Modules that stand by themselves, and what they may import."""

MAY_IMPORT = {
    "site": {"site"},
    "store": {"store"},
    "pages": {"pages"},
    "studio": {"studio"},
    "workers": {"workers", "studio"},
    "scaffold": {"scaffold", "site"},
    "api": {"api", "site", "store", "workers"},
    "corridor": {"corridor", "site", "store", "pages", "workers"},
    "live": {"live", "corridor", "site", "store"},
    "plugins": {"plugins", "corridor", "site", "store", "pages"},
    "cli": {"cli", "live", "corridor", "site", "store", "scaffold"},
}
"""For each room (or module beside the rooms), those whose modules it may import."""

FOREIGN_TO = {
    "jax": {"studio"},
    "jaxlib": {"studio"},
    "flax": {"studio"},
    "optax": {"studio"},
    "fsspec": {"store"},
    "click": {"cli"},
    "rich": {"cli"},
    "pydantic": {"site"},
    "yaml": {"site", "pages"},
    "jinja2": {"pages"},
    "markdown": {"pages", "plugins"},
    "mkdocs": {"plugins"},
    "pelican": {"plugins"},
    "starlette": {"live"},
    "uvicorn": {"live"},
    "watchfiles": {"live"},
    "distributed": {"workers"},
    "dask": {"workers"},
}
"""Libraries that belong to some rooms only."""


def room_of(module: Path) -> str:
    """The room, or the module beside the rooms: `store`, `api`."""
    return module.relative_to(PACKAGE).with_suffix("").parts[0]


def imports_of(module: Path) -> Iterator[str]:
    """Every name that the source imports, in full: `neural_gallery.site.model`, `jax.numpy`."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            assert node.module is not None
            for alias in node.names:
                inner = PACKAGE.parent / Path(*node.module.split("."), alias.name)
                is_module = inner.is_dir() or inner.with_suffix(".py").is_file()
                yield f"{node.module}.{alias.name}" if is_module else node.module


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_one_way(module: Path):
    """cli -> live -> corridor -> {site, store, pages, workers}, workers -> studio; nobody looks back."""
    room = room_of(module)
    allowed = NO_ROOMS[room] if room in NO_ROOMS else MAY_IMPORT[room]
    for name in imports_of(module):
        if name.split(".")[0] != "neural_gallery":
            continue
        inner = name.removeprefix("neural_gallery.")
        assert inner in SHARED or inner.split(".")[0] in allowed, f"{room} must not import {name}"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_libraries_stay_in_their_rooms(module: Path):
    """JAX belongs to the studio, the terminal to the commands, and so on."""
    for name in imports_of(module):
        rooms = FOREIGN_TO.get(name.split(".")[0])
        assert rooms is None or room_of(module) in rooms, f"{module} must not import {name}"


def test_one_module_knows_dask():
    """Whatever is to be changed with another way to a cluster stands in one place."""
    knows = {
        path.name for path in MODULES if {"dask", "distributed"} & {name.split(".")[0] for name in imports_of(path)}
    }
    assert knows == {"link.py"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_the_commands_print_exit_and_read_the_environment(module: Path):
    """No other room prints, ends the process or looks at environment variables."""
    if room_of(module) in {"cli", "__main__"}:
        return
    tree = ast.parse(module.read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    attributes = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    assert not names & {"print", "exit", "quit", "input"}
    assert not attributes & {"sys.exit", "sys.argv", "os.environ", "os.getenv", "os._exit", "sys.stdout", "sys.stderr"}


def test_every_room_is_known():
    """A new room has to say what it may import."""
    assert {room_of(module) for module in MODULES} - NO_ROOMS.keys() == set(MAY_IMPORT)


def test_files_stay_small():
    """Nobody has to scroll through a file to know what is in it."""
    long = {path.name: count for path in MODULES if (count := len(path.read_text("utf-8").splitlines())) > 350}
    assert long == {}


PROBE = """
import json, sys
from neural_gallery.cli import main
try:
    main(sys.argv[1:], prog_name="neural-gallery")
except SystemExit as end:
    print(json.dumps({"code": end.code, "loaded": sorted(sys.modules)}), file=sys.stderr)
"""


def loaded_by(*arguments: str) -> set[str]:
    """The modules that a command has loaded when it ends well."""
    result = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
        check=True,
        timeout=60,
    )
    told = json.loads(result.stderr.splitlines()[-1])
    assert told["code"] == 0
    return set(told["loaded"])


@pytest.mark.parametrize("command", ["check", "plan", "build", "render", "gc", "schema"])
def test_nothing_heavy_is_loaded_where_nothing_is_painted(
    write_site: Callable[..., Path], painter: Painter, command: str, tmp_path: Path
):
    """Commands with nothing to paint or encode start without JAX, and without NumPy, Pillow and Rich."""
    from neural_gallery.corridor.run import build
    from neural_gallery.corridor.workshop import Workshop, local_workshop
    from neural_gallery.site.manifest import load_site
    from neural_gallery.site.memory import ProbeCache
    from neural_gallery.store import STORE_FOLDER
    from neural_gallery.store.store import Store

    manifest = write_site()
    workshop = Workshop(painter, local_workshop(tmp_path).weights_sha256)
    cache = ProbeCache(tmp_path / STORE_FOLDER / "pictures.json")
    list(build(load_site(manifest, cache=cache), Store(tmp_path / STORE_FOLDER), workshop))
    arguments = [command] if command == "schema" else [command, "--site", str(manifest)]
    assert loaded_by(*arguments) & {"jax", "flax", "optax", "numpy", "PIL", "rich"} == set()


def test_check_starts_without_the_store_and_the_templates(write_site: Callable[..., Path]):
    """Looking at a site needs neither what writes pages nor what keeps paintings, whose imports take time."""
    loaded = loaded_by("check", "--site", str(write_site()))
    assert "neural_gallery.pages.pages" in loaded
    assert loaded & {"neural_gallery.store.store", "neural_gallery.corridor.run", "jinja2", "webbrowser"} == set()


@pytest.mark.parametrize("command", ["check", "plan", "schema"])
def test_the_server_is_loaded_by_serve_only(write_site: Callable[..., Path], command: str):
    """What serves and watches takes half a second to import."""
    arguments = [command] if command == "schema" else [command, "--site", str(write_site())]
    loaded = loaded_by(*arguments)
    assert loaded & {"neural_gallery.live", "starlette", "uvicorn", "watchfiles", "anyio"} == set()
