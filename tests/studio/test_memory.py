"""How much memory there is, how much painting takes, and what is chosen for that."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from flax import nnx

from neural_gallery.errors import OutOfMemoryError
from neural_gallery.studio import memory, optimizers
from neural_gallery.studio.losses import Region, Statistics, Targets
from neural_gallery.studio.memory import Room, block_size_for, free_on_linux, memory_may_run_out, whole_bytes
from neural_gallery.studio.recipe import Method
from neural_gallery.studio.weights import bundled_network

GB = 10**9
MEMINFO = "MemTotal: 16000000 kB\nMemFree: 1000000 kB\nMemAvailable: 8000000 kB\n"


def _root(folder: Path, cgroup: str, files: dict[str, str]) -> Path:
    """A machine with 8192 MB available and those control groups."""
    for name, text in {"proc/meminfo": MEMINFO, "proc/self/cgroup": cgroup, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def _group(folder: str, limit: str, used: int, cached: int, *, version: int) -> dict[str, str]:
    """The files of one control group."""
    names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    counted = "inactive_file" if version == 2 else "total_inactive_file"
    texts = (f"{limit}\n", f"{used}\n", f"anon 1\n{counted} {cached}\n")
    return {f"{folder}/{name}": text for name, text in zip((*names, "memory.stat"), texts, strict=True)}


def test_small_canvases_are_painted_at_once() -> None:
    """With room for the whole there are no blocks, up to the last byte of it."""
    needed = whole_bytes((1000, 700))
    assert block_size_for((1000, 700), Room(needed, needed, 0)) is None
    assert block_size_for((1000, 700), Room(needed - 1, needed, needed)) is not None
    assert block_size_for((1000, 700), Room(10 * needed, needed - 1, needed)) is not None


def test_what_an_optimiser_remembers_counts() -> None:
    """L-BFGS keeps many pictures: a canvas that just fits without them does not fit with them."""
    needed = whole_bytes((500, 400))
    assert block_size_for((500, 400), Room(needed, needed, needed), remembered=480) is not None
    room = Room(needed + 480 * 500 * 400, needed + 480 * 500 * 400, 0)
    assert block_size_for((500, 400), room, remembered=480) is None


def test_blocks_are_as_large_as_there_is_room() -> None:
    """What is kept whole and a program for one window fit; a window one step larger does not."""
    room, shape = Room(3 * GB, 3 * GB, 2 * GB), (2016, 3016)
    side = block_size_for(shape, room)
    assert side is not None
    left = 3 * GB - memory.KEPT_BYTES * 2016 * 3016
    assert whole_bytes((side, side)) <= left < whole_bytes((side + 16, side + 16))


def test_a_block_never_takes_more_than_its_ceiling() -> None:
    """Where memory is plenty, the blocks of any large canvas are the same, and small."""
    sides = {block_size_for((side, side), Room(10**12, 3 * GB, 2 * GB)) for side in (2000, 3016, 8208)}
    assert sides == {752}


def test_with_hardly_any_memory_the_smallest_blocks_are_tried() -> None:
    """An estimate alone is no reason to refuse."""
    assert block_size_for((8208, 8208), Room(GB, GB, GB)) == memory.SMALLEST_BLOCK
    assert block_size_for((400, 400), Room(0, 0, 0)) == memory.SMALLEST_BLOCK


def test_there_is_room_here() -> None:
    """This machine tells what it has; on a CPU a painting of usual size is made at once, within 4 GB."""
    room = memory.room_here()
    assert 10**8 < room.free < 10**13
    assert block_size_for((1016, 1016), dataclasses.replace(room, free=10**12)) is None
    assert (room.at_once, room.block) == (3400 * 10**6, 2 * GB)


def test_a_process_that_may_not_have_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three quarters of what is left of its limit, where the machine has more; what it has taken counts."""
    monkeypatch.setattr(memory, "free_memory", lambda: 100 * GB)
    monkeypatch.setattr(memory, "taken_memory", lambda: GB)
    room = memory.RoomWithin(3 * GB)()
    assert room == dataclasses.replace(memory.room_here(), free=int(1.5 * GB) // len(memory.crew()))
    assert block_size_for((1016, 1016), dataclasses.replace(memory.room_here(), free=75 * GB)) is None
    assert block_size_for((1016, 1016), dataclasses.replace(room, free=int(1.5 * GB))) == 560
    assert memory.RoomWithin(GB // 2)().free == 0
    assert memory.RoomWithin(10**15)() == memory.room_here()
    assert memory.RoomWithin(GB) == memory.RoomWithin(GB)  # a new one makes nothing be compiled again


def test_what_this_process_has_taken(tmp_path: Path) -> None:
    """With JAX in it that is more than 50 MB; where the system does not tell, it is assumed."""
    assert 50 * 10**6 < memory.taken_memory() < 100 * GB
    assert memory.taken_memory(tmp_path / "statm") == memory.TAKEN


def test_without_groups_the_machine_counts(tmp_path: Path) -> None:
    """What the kernel calls available; not what is free, which leaves out the cache of files."""
    assert free_on_linux(_root(tmp_path, "0::/\n", {})) == 8000000 * 1024


@pytest.mark.parametrize("version", [1, 2])
def test_a_group_limits(version: int, tmp_path: Path) -> None:
    """A container's limit holds, less what is used, files that can be dropped not counted."""
    line, top = ("0::/box\n", "sys/fs/cgroup") if version == 2 else ("4:memory:/box\n0::/\n", "sys/fs/cgroup/memory")
    group = _group(f"{top}/box", str(4 * GB), 2 * GB, GB, version=version)
    assert free_on_linux(_root(tmp_path, line, group)) == 3 * GB


def test_the_narrowest_group_limits(tmp_path: Path) -> None:
    """Of a group without a limit of its own, that of the group around it holds."""
    groups = _group("sys/fs/cgroup/outer/inner", "max", GB, 0, version=2)
    groups |= _group("sys/fs/cgroup/outer", str(2 * GB), GB, 0, version=2)
    assert free_on_linux(_root(tmp_path, "0::/outer/inner\n", groups)) == GB


def test_a_group_seen_from_inside(tmp_path: Path) -> None:
    """In a container the path may be the host's, and lead nowhere; the group's files are at the top then."""
    group = _group("sys/fs/cgroup", str(2 * GB), 0, 0, version=2)
    assert free_on_linux(_root(tmp_path, "0::/docker/1234\n", group)) == 2 * GB


def test_a_group_that_is_full_leaves_nothing(tmp_path: Path) -> None:
    """More used than allowed is no negative memory."""
    group = _group("sys/fs/cgroup/box", str(GB), 2 * GB, 0, version=2)
    assert free_on_linux(_root(tmp_path, "0::/box\n", group)) == 0


@pytest.mark.parametrize("error", [MemoryError(), jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: 5 bytes")])
def test_memory_that_runs_out_is_told(error: Exception) -> None:
    """The host's and the device's way to say it become one error with a remedy."""
    with pytest.raises(OutOfMemoryError) as caught, memory_may_run_out("painting 90 x 60"):
        raise error
    assert str(caught.value) == (
        "Memory ran out while painting 90 x 60. Close other programs, or choose a smaller size."
    )


def test_other_errors_of_the_device_stay_what_they_are() -> None:
    """They are mistakes of ours, and not to be hidden."""
    with pytest.raises(jax.errors.JaxRuntimeError, match="INTERNAL"), memory_may_run_out("painting"):
        raise jax.errors.JaxRuntimeError("INTERNAL: a mistake")


def _compiled_bytes(height: int, width: int) -> int:
    """What XLA reserves for a chunk of two steps at that size: its buffers, without its convolutions' work space."""
    method = Method()
    graph, state = nnx.split(bundled_network(method.layers))
    shape = jax.ShapeDtypeStruct
    features = {"relu4_2": shape((1, height // 8, width // 8, 512), jnp.float32)}
    widths = {"relu1_1": 64, "relu2_1": 128, "relu3_1": 256, "relu4_1": 512, "relu5_1": 512}
    style = {
        layer: Statistics(shape((size, size), jnp.float32), shape((size,), jnp.float32))
        for layer, size in widths.items()
    }
    region = Region(style, shape((1, height, width, 1), jnp.float32), shape((), jnp.float32))
    targets = Targets((region,), features, shape((2,), jnp.int32))
    easel = jax.eval_shape(lambda image: optimizers.begin(image, method), shape((1, height, width, 3), jnp.float32))
    shares = (shape((), jnp.float32), shape((), jnp.float32))
    lowered = optimizers.paint_chunk.lower(
        easel, state, targets, shares, network_graph=graph, method=method, steps=2, chunk=2
    )
    return lowered.compile().memory_analysis().temp_size_in_bytes


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="what other devices' compilers reserve was not measured")
def test_the_estimate_is_above_what_a_program_reserves() -> None:
    """XLA's own account of a compiled chunk is below the estimate, and no less than a third of it."""
    reserved, estimated = _compiled_bytes(344, 416), whole_bytes((344, 416))
    assert reserved < estimated < 3 * reserved


MEASURE = Path(__file__).parent / "memory_probe.py"


@pytest.mark.slow
@pytest.mark.parametrize("longest", [256, 400, 700, 1000])
def test_the_estimate_is_above_the_measured_peak(longest: int) -> None:
    """Two steps in a process of their own: its memory grows by less than the estimate, and by more than half of it."""
    told = subprocess.run(
        [sys.executable, str(MEASURE), str(longest)], capture_output=True, text=True, check=True, timeout=1200
    )
    measured = json.loads(told.stdout)
    assert measured["grown"] < whole_bytes(tuple(measured["shape"])) < 2 * measured["grown"]
