"""On eight devices as on one. They are virtual ones of this CPU, in a process of their own (`devices_probe.py`)."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import pytest

from neural_gallery.studio import device, memory
from neural_gallery.studio.memory import BAND_PIXELS, Room, bands_for, pictures_at_once, whole_bytes
from neural_gallery.studio.mesh import crew, shares
from neural_gallery.studio.pyramid import Canvas

PROBE = Path(__file__).parent / "devices_probe.py"

PLENTY = Room(10**12, 10**12, 0, 8)

LARGEST_GATHERED = 512 * 512
"""Numbers in the largest Gram matrix: what devices may tell all others at once."""


def _told(which: str) -> dict[str, Any]:
    """What the probe tells."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8"
    environment = os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, str(PROBE), which]
    told = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=1800)
    assert told.returncode == 0, told.stderr[-4000:]
    return json.loads(told.stdout)


@pytest.fixture(scope="module")
def tiny() -> dict[str, Any]:
    """With a tiny random network."""
    return _told("tiny")


@pytest.fixture(scope="module")
def real() -> dict[str, Any]:
    """With the real weights."""
    return _told("real")


def _numbers(shapes: str) -> int:
    """The size of the largest array in what is written of a compiled program's shapes."""
    sides = re.findall(r"\w+\[([\d,]*)\]", shapes)
    return max(math.prod(int(side) for side in found.split(",") if side) for found in sides)


def _only_neighbours_talk(collectives: dict[str, list[str]], *, row: int) -> None:
    """Rows go to neighbours, none larger than `row` numbers, and sums to all: nobody gets another one's features."""
    assert set(collectives) == {"all-reduce", "collective-permute"}
    assert max(map(_numbers, collectives["collective-permute"])) <= row
    assert max(map(_numbers, collectives["all-reduce"])) <= LARGEST_GATHERED


@pytest.mark.parametrize("which", ["step", "masked step"])
def test_a_split_step_is_the_step(which: str, tiny: dict[str, Any]) -> None:
    """The same loss and gradient, up to rounding, without and with masks, on eight bands of sixteen rows."""
    assert tiny[which]["devices"] == 8
    assert tiny[which]["loss"] < 1e-6
    assert tiny[which]["gradient"] < 1e-5


@pytest.mark.parametrize("which", ["step", "masked step"])
def test_devices_that_split_a_picture_exchange_rows(which: str, tiny: dict[str, Any]) -> None:
    """One row of features for each convolution and direction; sums for the objective; nothing larger."""
    _only_neighbours_talk(tiny[which]["collectives"], row=48 * 4)
    assert len(tiny[which]["collectives"]["collective-permute"]) >= 16


@pytest.mark.parametrize("name", ["plain", "blend", "lbfgs"])
def test_a_split_painting_is_the_painting(name: str, tiny: dict[str, Any]) -> None:
    """Within a level of 255, frames too; of 123 rows, on four devices at the coarser scale and eight at the finer."""
    assert tiny[name]["devices"] == [1, 8]
    assert tiny[name]["apart"] <= 1
    assert tiny[name]["frames apart"] <= 1
    one, eight = tiny[name]["losses"]
    assert len(one) == 5
    assert eight == pytest.approx(one, rel=1e-3)


@pytest.mark.parametrize("name", ["plain", "blend", "lbfgs"])
@pytest.mark.parametrize("begun", [1, 8])
def test_a_painting_goes_on_with_another_number_of_devices(name: str, begun: int, tiny: dict[str, Any]) -> None:
    """From a checkpoint amid the finer scale, from one to eight and from eight to one."""
    told = tiny[f"{name} begun on {begun}"]
    assert told["from"] >= 12
    assert told["apart"] <= 1


def test_pairs_are_shared_out(tiny: dict[str, Any]) -> None:
    """Eleven are two on each of six devices, with a place left over; each is what it is by itself."""
    assert tiny["eleven"]["devices"] == 6
    assert len(tiny["eleven"]["apart"]) == 11
    assert max(tiny["eleven"]["apart"]) <= 1


def test_one_of_several_can_go_on_alone(tiny: dict[str, Any]) -> None:
    """The last of eleven pairs on six devices, on one."""
    assert tiny["one of eleven"]["from"] >= 12
    assert tiny["one of eleven"]["apart"] <= 1


def test_devices_with_pairs_of_their_own_do_not_talk(tiny: dict[str, Any]) -> None:
    """There is no communication at all in the compiled program."""
    assert tiny["batch program"] == {}


def test_a_split_painting_that_diverges_takes_smaller_steps(tiny: dict[str, Any]) -> None:
    """As often as on one device, and with the same result."""
    assert tiny["diverging"]["setbacks"] == [[0, 8], [0, 8]]
    assert tiny["diverging"]["apart"] <= 1


@pytest.mark.slow
def test_the_real_network_on_several_devices(real: dict[str, Any]) -> None:
    """VGG-19 with Winograd's filtering: hardly a pixel is more than a level off, and only neighbours talk."""
    assert real["step"]["devices"] == 4
    assert real["step"]["loss"] < 1e-6
    assert real["step"]["gradient"] < 5e-3  # most pictures 2e-6, some 1e-3: a rectifier near 0, it seems
    _only_neighbours_talk(real["step"]["collectives"], row=96 * 64)
    assert real["split"]["devices"] == 4
    assert real["batch"]["devices"] == 3
    for which in ("split", "batch"):
        assert real[which]["beyond"] < 0.01
        assert real[which]["apart"] <= 4
    assert real["batch program"] == {}


@pytest.mark.parametrize(
    ("count", "devices", "wanted"),
    [(1, 8, (1, 1)), (3, 8, (3, 1)), (8, 8, (8, 1)), (9, 8, (5, 2)), (16, 8, (8, 2)), (17, 8, (6, 3)), (5, 1, (1, 5))],
)
def test_shares(count: int, devices: int, wanted: tuple[int, int]) -> None:
    """As few devices as do it in the same time, and fewer places left over than one device has."""
    used, each = shares(count, devices)
    assert (used, each) == wanted
    assert 0 <= used * each - count < each


def test_when_a_picture_is_split() -> None:
    """Where each device has enough of it, and no sooner; never on one."""
    assert bands_for((1024, 1024), Room(10**12, 10**12, 0)) == 1
    assert bands_for((512, 512), PLENTY) == 1
    assert bands_for((512, 2 * BAND_PIXELS // 512), PLENTY) == 2
    assert bands_for((1024, 1024), PLENTY) == 4
    assert bands_for((4096, 4096), PLENTY) == 8


def test_no_band_is_empty() -> None:
    """Bands are a multiple of sixteen rows high; where fewer devices do as well with them, fewer are taken."""
    assert bands_for((152, 2**16), PLENTY) == 5
    canvas = Canvas(145, 2**16, bands=5)
    assert canvas.shape == (160, 2**16)
    assert Canvas(145, 2**16).shape == (152, 2**16)


def test_a_band_must_have_room() -> None:
    """Memory counts for each device: what has no room on one is split, and where bands have none, it is not."""
    shape = (4096, 4096)
    needed = whole_bytes((512, 4096))
    assert bands_for(shape, Room(needed, needed, 0, 8)) == 8
    assert bands_for(shape, Room(needed - 1, needed - 1, 0, 8)) == 1
    assert bands_for(shape, Room(needed, needed, 0, 8), remembered=480) == 1


class Accelerator:
    """A device with 80 GB."""

    platform = "gpu"

    def __init__(self, kind: str = "NVIDIA H100", used: int = 0) -> None:
        self.device_kind = kind
        self.used = used

    def memory_stats(self) -> dict[str, int]:
        """As JAX's devices tell it."""
        return {"bytes_limit": 80 * 10**9, "bytes_in_use": self.used}


def test_how_many_pairs_on_several_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many times more as there are devices; but a few large ones are better split, one after the other."""
    monkeypatch.setattr(jax, "devices", lambda: [Accelerator() for _ in range(8)])
    assert pictures_at_once((256, 256), 1000) == 128
    assert pictures_at_once((256, 256), 3) == 3
    assert pictures_at_once((1024, 1024), 10) == 8
    assert pictures_at_once((1024, 1024), 5) == 5
    assert pictures_at_once((1024, 1024), 3) == 1
    assert pictures_at_once((2048, 2048), 7) == 1
    assert pictures_at_once((2048, 2048), 8) == 8


def test_the_fullest_device_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them have equal parts of the work."""
    monkeypatch.setattr(jax, "devices", lambda: [Accelerator(), Accelerator(used=60 * 10**9)])
    room = memory.room_here()
    assert (room.free, room.devices) == (int(0.75 * 20 * 10**9), 2)
    assert memory.room_on_one().devices == 1


def test_virtual_devices_share_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU that is told to be four devices has no more of it."""
    monkeypatch.setattr(memory, "free_memory", lambda: 8 * 10**9)
    alone = memory.room_here()
    monkeypatch.setattr(jax, "devices", lambda: [SimpleNamespace(platform="cpu", device_kind="cpu")] * 4)
    assert memory.room_here() == Room(alone.free // 4, alone.at_once // 4, alone.block // 4, 4)


def test_only_devices_of_one_kind_paint(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small one for the screen is left to the screen."""
    large, small = Accelerator(), Accelerator("GeForce GT 1030")
    monkeypatch.setattr(jax, "devices", lambda: [large, small, large])
    assert crew() == (large, large)


def test_how_devices_are_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """One by its name, several by their number too."""
    monkeypatch.setattr(jax, "devices", lambda: [Accelerator()])
    assert (device.device_name(), device.device_name(8)) == ("NVIDIA H100", "8 x NVIDIA H100")
