"""MP4: what a browser decodes is the progress that went in, at the right pace, in a file that starts at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neural_gallery.errors import EncodeError
from neural_gallery.store.animations import HOLD
from neural_gallery.store.economy import ECONOMIES
from neural_gallery.store.video import encode_mp4

imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")

Frames = list[NDArray[np.uint8]]


def decode(data: bytes, width: int, height: int) -> Frames:
    """The frames as they are shown."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", "pipe:0"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    shown = subprocess.run(command, input=data, capture_output=True, check=True).stdout
    return list(np.frombuffer(shown, np.uint8).reshape(-1, height, width, 3))


def facts(data: bytes) -> str:
    """What ffmpeg says of a file."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", "pipe:0"]
    return subprocess.run(command, input=data, capture_output=True, check=False).stderr.decode()


def decibels(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio."""
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


def test_it_shows_what_was_painted_and_holds_the_result(blend: Callable[..., Frames]) -> None:
    """Every frame is there, in the colours that were painted, and the last one as often as two seconds take."""
    frames = blend(8, 60, 40)
    shown = decode(encode_mp4(frames, fps=5), 60, 40)
    assert len(shown) == 7 + 5 * HOLD // 1000
    assert all(decibels(one, other) > 25 for one, other in zip(shown, frames, strict=False))
    assert all(np.abs(one.astype(int) - shown[-1]).mean() < 4 for one in shown[7:])


def test_it_is_what_browsers_play(blend: Callable[..., Frames]) -> None:
    """H.264 with halved chroma and colours that are told, the index before the pictures, at the pace asked for."""
    data = encode_mp4(blend(4, 60, 40), fps=12)
    assert data.index(b"moov") < data.index(b"mdat")
    said = facts(data)
    assert "Video: h264" in said
    assert "yuv420p(tv, bt709/bt709/iec61966-2-1" in said
    assert "12 fps" in said


@pytest.mark.parametrize(("width", "height"), [(61, 40), (60, 41), (61, 41)])
def test_odd_sides_get_a_row_or_column_twice(blend: Callable[..., Frames], width: int, height: int) -> None:
    """H.264 has even sides only. What is added is the edge once more, so that no foreign colour bleeds into it."""
    frames = blend(3, width, height)
    shown = decode(encode_mp4(frames, fps=5), width + width % 2, height + height % 2)
    assert decibels(shown[2][:height, :width], frames[2]) > 24
    edge = np.pad(frames[2], ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    assert decibels(shown[2], edge) > 24


def test_the_same_frames_give_the_same_bytes(blend: Callable[..., Frames]) -> None:
    """Encoding again changes nothing, so nothing is published anew."""
    frames = blend(4, 60, 40)
    assert encode_mp4(frames, fps=5) == encode_mp4(frames, fps=5)


def test_every_economy_takes_off_bytes(blend: Callable[..., Frames]) -> None:
    """Each step is smaller than the one before, the last at most half, and its result can still be recognised."""
    grain = np.random.default_rng(0).normal(0, 4, (133, 200, 3))
    frames = [(frame + grain).round().clip(0, 255).astype(np.uint8) for frame in blend(24, 200, 133)]
    sizes = []
    for economy in ECONOMIES:
        shown = [frames[index] for index in np.linspace(0, 23, economy.frames(24)).round().astype(int)]
        data = encode_mp4(shown, fps=5, economy=economy)
        sizes.append(len(data))
        assert decibels(decode(data, 200, 134)[-1][:133], frames[-1]) > 22
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 0.5 * sizes[0]


def test_without_the_extra_it_says_what_to_install(
    blend: Callable[..., Frames], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that went missing after the manifest was checked is no traceback."""
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(EncodeError) as caught:
        encode_mp4(blend(2, 60, 40), fps=5)
    assert "ffmpeg cannot be run to encode an MP4" in str(caught.value)
    assert "pip install --upgrade 'neural-gallery[video]'" in str(caught.value)


def test_an_ffmpeg_that_refuses_is_quoted(
    blend: Callable[..., Frames], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its last line says why."""
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\ncat > /dev/null\necho 'Unknown encoder' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: str(program))
    with pytest.raises(EncodeError, match=r"ffmpeg cannot encode an MP4: Unknown encoder\."):
        encode_mp4(blend(2, 60, 40), fps=5)
