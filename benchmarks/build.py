"""Time of whole commands on the example site, each as a process of its own.

    python benchmarks/build.py [--rounds 15]            check, and builds with nothing to paint
                               [--beside 'cd FOLDER && sigal build pictures out']  another program in turn with them
    python benchmarks/build.py --imports                what these commands import, and how long that takes
    python benchmarks/build.py --cold [--qualities balanced draft] [--size 400]
                                                        everything painted, in a fresh folder, nothing compiled before
    python benchmarks/build.py --one [rocket-snow-and-stars] [--qualities …] [--size 400]
                                                        the same of one pair, for the memory that it takes, and then
                                                        again with what was compiled kept

Every measurement works on a copy of the example site in a temporary folder. For the first two a stand-in paints it in
no time; `--cold` and `--one` use the real engine and take minutes. Commands are run in turn, round by round, so that a
machine that drifts drifts for all of them. Seconds; memory in MB of 10^6 bytes.
"""

from __future__ import annotations

import argparse
import collections
import importlib.metadata
import itertools
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neural_gallery.cli.words import counted
from neural_gallery.corridor.run import build
from neural_gallery.corridor.workshop import Workshop, local_workshop
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store
from neural_gallery.workers.messages import Job, Message, Painted, Progress

CHECKOUT = Path(__file__).resolve().parents[1]
PROGRAM = (sys.executable, "-m", "neural_gallery")
LIBRARIES = (sys.executable, "-c", "import click, jinja2, markdown, pydantic, pymdownx.blocks, yaml")
"""What no build can do without: the measure of what the program adds."""

BUDGETS = {"check": 0.5, "build, nothing changed": 0.7, "build, one caption changed": 0.7}
SILENCE = 10.0
"""The longest time that a build may go without a word."""

PAIR = "{content: chelsea, style: great-wave}"  # the one whose caption is changed


def copy_site(folder: Path, *, size: int = 400) -> Path:
    """A copy of the example site in `folder`, results as large as `size`; its manifest."""
    shutil.copytree(CHECKOUT / "content", folder / "content")
    manifest = folder / "site.yaml"
    text = (CHECKOUT / "site.yaml").read_text(encoding="utf-8")
    manifest.write_text(replaced(text, "\n  size: 400\n", f"\n  size: {size}\n"), encoding="utf-8")
    return manifest


def replaced(text: str, old: str, new: str) -> str:
    """The manifest's text with something replaced that must stand in it."""
    if old not in text:
        raise SystemExit(f"The example site has no {old.strip()!r} any more: correct this benchmark.")
    return text.replace(old, new)


def stand_in(job: Job) -> Iterator[Message]:
    """A painter that mixes the content with the mean colour of its first style."""
    color, rgb = job.styles[0].rgb.mean((0, 1)), job.content
    for frame in range(job.frames):
        done = frame / (job.frames - 1)
        rgb = ((1 - done / 2) * job.content + done / 2 * color).astype(job.content.dtype)
        yield Progress(frame + 1, job.frames, "painting", 0.0, (rgb,), done)
    yield Painted(rgb, {"seconds": 0.1})


def painted_site(folder: Path) -> Path:
    """A copy of the example site that the program takes for painted; its manifest."""
    manifest = copy_site(folder)
    weights = local_workshop(folder).weights_sha256
    collections.deque(build(load_site(manifest), Store(folder / STORE_FOLDER), Workshop(stand_in, weights)), maxlen=0)
    run((*PROGRAM, "check"), folder)  # remembers the pictures
    return manifest


def run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder. It must succeed."""
    return subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True, text=True)


def environment() -> Mapping[str, str]:
    """The program is that of this checkout, compiled to bytecode once, as an installed one is.

    A compilation cache elsewhere would make a cold build warm.
    """
    unwanted = {"JAX_COMPILATION_CACHE_DIR", "PYTHONDONTWRITEBYTECODE"}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    bytecode = Path(tempfile.gettempdir()) / "neural-gallery-benchmark-bytecode"
    return {**kept, "PYTHONPATH": str(CHECKOUT), "PYTHONPYCACHEPREFIX": str(bytecode)}


def timed(run: Callable[[], object]) -> float:
    """How long it takes, in seconds."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def warm(folder: Path, rounds: int, beside: str) -> None:
    """Prints a table of commands that paint nothing; `beside` is a shell's command line to compare them with."""
    manifest = painted_site(folder)
    text = manifest.read_text(encoding="utf-8")
    seconds: dict[str, list[float]] = collections.defaultdict(list)

    def measure(name: str, command: Sequence[str]) -> None:
        seconds[name].append(timed(lambda: run(command, folder)))

    for number in range(rounds + 1):
        measure("importing the libraries", LIBRARIES)
        if beside:
            measure(beside.rpartition("&&")[2].strip(), ("bash", "-c", beside))
        measure("check", (*PROGRAM, "check"))
        measure("build, nothing changed", (*PROGRAM, "build"))
        caption = f"{PAIR[:-1]}, caption: Number {number}}}"
        manifest.write_text(replaced(text, PAIR, caption), encoding="utf-8")
        measure("build, one caption changed", (*PROGRAM, "build"))
    print(f"{machine()}, {counted(rounds, 'round')}\n")
    print("| command | median s | least s | budget s | times the libraries alone, median of rounds |")
    print("| --- | --- | --- | --- | --- |")
    libraries = seconds["importing the libraries"]
    for name, taken in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(taken[1:], libraries[1:], strict=True))
        budget = BUDGETS.get(name, "")
        # The first round fills the system's caches and is left out.
        print(f"| {name} | {statistics.median(taken[1:]):.3f} | {min(taken[1:]):.3f} | {budget} | {ratio:.2f} |")


def imports(folder: Path) -> None:
    """Prints what commands that paint nothing import. Python's own account makes imports look somewhat slower."""
    painted_site(folder)
    print(f"{machine()}\n")
    print("| command | modules | import ms | the most expensive packages, ms |")
    print("| --- | --- | --- | --- |")
    for command in ("--version", "schema", "check", "plan", "render", "build", "gc"):
        account = run((sys.executable, "-X", "importtime", *PROGRAM[1:], command), folder).stderr
        own = _own_times(account)
        packages: collections.Counter[str] = collections.Counter()
        for module, microseconds in own:
            packages[module.partition(".")[0]] += microseconds
        dearest = ", ".join(f"{package} {total / 1000:.0f}" for package, total in packages.most_common(6))
        print(f"| `{command}` | {len(own)} | {packages.total() / 1000:.0f} | {dearest} |")


def _own_times(account: str) -> list[tuple[str, int]]:
    """Each imported module with the microseconds that it took itself, from what `-X importtime` prints."""
    columns = [line.removeprefix("import time:").split("|") for line in account.splitlines() if line.count("|") == 2]
    return [(module.strip(), int(own)) for own, _, module in columns if own.strip().isdigit()]


@dataclass(frozen=True, slots=True)
class ColdBuild:
    """What one build in a fresh folder took."""

    wall: float
    silence: float  # the longest time without a word, the start and the end of the process included
    after: str  # what was said last before it
    memory: int  # bytes: the largest resident set
    pairs: Mapping[str, float]  # seconds
    first: float  # when the first steps had been taken, in seconds since the start


def cold_build(folder: Path, command: Sequence[str]) -> ColdBuild:
    """Runs a build that prints events as JSON lines, and listens."""
    began = time.perf_counter()
    heard = [(began, "the start")]
    pairs: dict[str, float] = {}
    first = 0.0
    with subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            words = [str(event[key]) for key in ("event", "pair", "stage", "path") if key in event]
            heard.append((time.perf_counter(), " ".join(words)))
            if not first and event["event"] == "pair-progress" and event["step"] > 0:
                first = heard[-1][0] - began
            if event["event"] == "pair-done":
                pairs[event["pair"]] = event["seconds"]
        _, status, usage = os.wait4(process.pid, 0)  # the memory of this child alone, where getrusage mixes all
        process.returncode = os.waitstatus_to_exitcode(status)
    heard.append((time.perf_counter(), "the end"))
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}.")
    silence, after = max((later - at, said) for (at, said), (later, _) in itertools.pairwise(heard))
    unit = 1 if sys.platform == "darwin" else 1024
    return ColdBuild(heard[-1][0] - began, silence, after, usage.ru_maxrss * unit, pairs, first)


def cold(folder: Path, qualities: Sequence[str], size: int) -> None:
    """Prints what painting the whole example site takes at each quality, and then each pair of it."""
    builds: dict[str, ColdBuild] = {}
    for quality in qualities:
        (folder / quality).mkdir()
        copy_site(folder / quality, size=size)
        builds[quality] = cold_build(folder / quality, (*PROGRAM, "build", "--json", "--quality", quality))
    print(f"{machine()}, JAX {importlib.metadata.version('jax')}, longest side {size} pixels\n")
    print(f"| quality | wall s | longest silence s (at most {SILENCE:.0f}) | after | peak memory MB |")
    print("| --- | --- | --- | --- | --- |")
    for quality, one in builds.items():
        print(f"| {quality} | {one.wall:.0f} | {one.silence:.1f} | {one.after} | {one.memory / 1e6:.0f} |")
    print(f"\n| pair | {' | '.join(f'{quality} s' for quality in builds)} |")
    print(f"| --- |{' --- |' * len(builds)}")
    for pair in next(iter(builds.values())).pairs:
        print(f"| {pair} | {' | '.join(f'{one.pairs[pair]:.1f}' for one in builds.values())} |")


def one(folder: Path, pair: str, qualities: Sequence[str], size: int) -> None:
    """Prints what painting one pair takes at each quality, in a process and a folder of its own."""
    print(f"{machine()}, JAX {importlib.metadata.version('jax')}, {pair}, longest side {size} pixels\n")
    print("| quality | compilations | wall s | first steps after s | peak memory MB |")
    print("| --- | --- | --- | --- | --- |")
    for quality in qualities:
        (folder / quality).mkdir()
        copy_site(folder / quality, size=size)
        for compilations in ("none", "kept"):
            shutil.rmtree(folder / quality / STORE_FOLDER / "paintings", ignore_errors=True)
            taken = cold_build(folder / quality, (*PROGRAM, "paint", pair, "--json", "--quality", quality))
            numbers = f"{taken.wall:.0f} | {taken.first:.1f} | {taken.memory / 1e6:.0f}"
            print(f"| {quality} | {compilations} | {numbers} |")


def machine() -> str:
    """What the measurements were made on, and how busy it was."""
    load = os.getloadavg()[0]
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}"


def main() -> None:
    """Prints Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--beside", default="", metavar="COMMAND", help="another program to measure in turn")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--imports", action="store_true")
    kind.add_argument("--cold", action="store_true")
    kind.add_argument("--one", nargs="?", const="rocket-snow-and-stars", metavar="PAIR")
    parser.add_argument("--qualities", nargs="+", choices=["draft", "balanced", "best"], default=["balanced", "draft"])
    parser.add_argument("--size", type=int, default=400, help="of the results of --cold and --one: longest side")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.one:
            one(Path(folder), options.one, options.qualities, options.size)
        elif options.cold:
            cold(Path(folder), options.qualities, options.size)
        elif options.imports:
            imports(Path(folder))
        else:
            warm(Path(folder), options.rounds, options.beside)


if __name__ == "__main__":
    main()
