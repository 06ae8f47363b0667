"""How much memory painting takes, how much there is, and so in blocks of which size a picture is painted.

All sizes are bytes. What painting takes was measured with VGG-19 on a CPU, as the growth of the process's resident
memory over two steps, and is estimated from above: by a tenth or so at 400 pixels and more.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import jax

from neural_gallery.errors import OutOfMemoryError
from neural_gallery.studio.mesh import crew, shares
from neural_gallery.studio.pyramid import POOLED

PROGRAM_BYTES = 300 * 10**6
"""What a program takes for itself: its code, what its compiler leaves behind, the threads' work space."""

PIXEL_BYTES = 3000
"""What each pixel takes, that a program looks at and is differentiated with respect to. Measured: 2700 to 3000."""

KEPT_BYTES = 250
"""What each pixel of a picture takes that is painted in blocks: pictures, moments, gradient, content features."""

SHARE = 0.75
"""The share of the free memory that a painting takes at most: other programs go on, and an estimate is one."""

CEILING_AT_ONCE = 3400 * 10**6
"""More is not taken on a CPU to paint a canvas at once: memory is other people's too. Enough for 1000 x 1000 pixels."""

CEILING_OF_BLOCKS = 2 * 10**9
"""More is not taken on a CPU for a window; with it, 4 GB are enough for a print of 3000 x 2000 pixels."""

SMALLEST_BLOCK = 384
"""No window's sides are shorter: what must be seen around the pixels that are its own would be most of it."""

ENOUGH_PIXELS = 2**20
"""An accelerator that paints so many pixels at once has all its units at work; on more of them it takes longer."""

BAND_PIXELS = 2**18
"""No device gets less of a picture that is split: a step takes it about as long as the exchange with its neighbours.

An estimate from the work of a step (0.4 TFLOP for so many pixels, some 2 ms on a fast accelerator) and from some fifty
exchanges of a row, each about 20 microseconds until it has come; it was not measured on several accelerators.
"""

ASSUMED = 4 * 10**9
"""Free memory where the system does not tell it."""

TAKEN = 500 * 10**6
"""What a process has taken when it begins to paint: libraries, the network, what it is sent."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a painting may take."""

    free: int  # beyond what is taken already
    at_once: int  # of that, for a canvas that is painted at once
    block: int  # of that, for one window of a canvas that is painted in blocks
    devices: int = 1  # that may be taken, each of them with that room


def room_here() -> Room:
    """The room on the devices that JAX paints on: on each what there is on the fullest."""
    devices = crew()
    count = len(devices)
    if devices[0].platform == "cpu":
        # A machine that is told to be several devices has its memory once.
        free = int(SHARE * free_memory())
        return Room(free // count, CEILING_AT_ONCE // count, CEILING_OF_BLOCKS // count, count)
    stats = [device.memory_stats() or {} for device in devices]
    free = int(SHARE * min(it.get("bytes_limit", ASSUMED) - it.get("bytes_in_use", 0) for it in stats))
    return Room(free, free, free, count)


@dataclass(frozen=True, slots=True)
class RoomWithin:
    """The room of a process that may have no more than so many bytes of the machine's memory, all in all."""

    limit: int

    def __call__(self) -> Room:
        """That which is left of it, or less where the machine has less."""
        room, devices = room_here(), crew()
        if devices[0].platform != "cpu":
            return room
        left = int(SHARE * max(0, self.limit - taken_memory()))
        return replace(room, free=min(room.free, left // len(devices)))


def room_on_one() -> Room:
    """The same for a painting that leaves the other devices alone."""
    return replace(room_here(), devices=1)


def whole_bytes(shape: tuple[int, int]) -> int:
    """What painting a canvas of that height and width at once takes, with Adam."""
    return PROGRAM_BYTES + PIXEL_BYTES * shape[0] * shape[1]


def block_size_for(shape: tuple[int, int], room: Room, *, remembered: int = 0) -> int | None:
    """How high and wide the windows may be in which a canvas is painted; None where it is painted at once.

    `remembered`: what the optimiser keeps of each pixel besides what Adam does.
    """
    pixels = shape[0] * shape[1]
    if whole_bytes(shape) + remembered * pixels <= min(room.free, room.at_once):
        return None
    left = min(room.free - (KEPT_BYTES + remembered) * pixels, room.block)
    side = int((max(0, left - PROGRAM_BYTES) / PIXEL_BYTES) ** 0.5)
    return max(SMALLEST_BLOCK, side // 16 * 16)


def bands_for(shape: tuple[int, int], room: Room, *, remembered: int = 0) -> int:
    """Over how many devices a canvas of that height and width is split, a band of it on each; 1: it is not.

    `remembered` as above. Where not even a band has room, one device paints it in blocks.
    """
    worth = min(room.devices, shape[0] * shape[1] // BAND_PIXELS)
    if worth < 2:
        return 1
    bands, high = shares(-(-shape[0] // POOLED), worth)
    band = high * POOLED, shape[1]
    needed = whole_bytes(band) + remembered * band[0] * band[1]
    return bands if needed <= min(room.free, room.at_once) else 1


def pictures_at_once(shape: tuple[int, int], waiting: int) -> int:
    """How many of so many pairs are best painted together on canvases of that height and width.

    A CPU is at work with one of them; on an accelerator, small ones would leave most of it idle. Of several devices
    each takes as many. Too few pairs for all of them are painted one by one where more devices share one picture.
    """
    room = room_here()
    fitting = min(room.free, room.at_once) // whole_bytes(shape)
    if jax.devices()[0].platform == "cpu":
        on_each = min(1, fitting)
    else:
        on_each = min(max(1, ENOUGH_PIXELS // (shape[0] * shape[1])), fitting)
    together = min(waiting, room.devices * on_each)
    return max(1, together) if bands_for(shape, room) <= max(1, together) else 1


def free_memory() -> int:
    """Memory that this process may still take: of the machine, and of the container that it is in."""
    if Path("/proc/meminfo").exists():
        return free_on_linux()
    windows = getattr(ctypes, "windll", None)
    if windows is not None:
        return _free_on_windows(windows.kernel32)
    try:
        # macOS tells only how much there is. Half of it is a cautious guess.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return ASSUMED


def taken_memory(statm: Path = Path("/proc/self/statm")) -> int:
    """What this process has taken already; where the system does not tell it, what one takes that has yet to paint."""
    try:
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return TAKEN


def free_on_linux(root: Path = Path("/")) -> int:
    """The least of what the kernel calls available and what each control group leaves (versions 1 and 2)."""
    lines = (root / "proc/meminfo").read_text().splitlines()
    machine = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), ASSUMED)
    return max(0, min([machine, *_left_by_groups(root)]))


def _left_by_groups(root: Path) -> Iterator[int]:
    """What is left under the memory limit of each control group around this process."""
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for group in groups:
        _, controllers, path = group.split(":", 2)
        if controllers == "":
            top, names = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            top = root / "sys/fs/cgroup/memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        # A limit of any group further up holds as well. In a container the path may lead nowhere: its own is the top.
        inner = top / path.strip("/")
        for folder in (inner, *(parent for parent in inner.parents if parent.is_relative_to(top))):
            yield from _left_by_group(folder, *names)


def _left_by_group(folder: Path, limit: str, usage: str, cached: str) -> Iterator[int]:
    try:
        most, used = (int((folder / name).read_text()) for name in (limit, usage))
        stats = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return  # no such group, or no limit ("max")
    # Files that were read once count as used, but make room when it is needed.
    yield most - used + int(stats.get(cached, 0))


def _free_on_windows(kernel32: ctypes.CDLL) -> int:
    class MemoryStatus(ctypes.Structure):
        """MEMORYSTATUSEX of the Windows API."""

        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *(
                (name, ctypes.c_ulonglong)
                for name in ("total", "available", "pages", "free_pages", "virtual", "free_virtual", "extended")
            ),
        )

    status = MemoryStatus(length=ctypes.sizeof(MemoryStatus))
    return int(status.available) if kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else ASSUMED


@contextmanager
def memory_may_run_out(doing: str) -> Iterator[None]:
    """Raises OutOfMemoryError where memory runs out after all, by another program's doing or on other devices."""
    try:
        yield
    except (MemoryError, jax.errors.JaxRuntimeError) as error:
        if isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise OutOfMemoryError.at(
            None, f"Memory ran out while {doing}.", "Close other programs, or choose a smaller size."
        ) from error
