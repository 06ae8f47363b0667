"""Animations: what a browser decodes is the progress that went in, at the right pace."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from neural_gallery.errors import EncodeError
from neural_gallery.store.animations import HOLD, durations, encode_avif, encode_gif, encode_webp
from neural_gallery.store.economy import ECONOMIES
from neural_gallery.store.palette import TRANSPARENT, frames_in_palette, shared_palette

Frames = list[NDArray[np.uint8]]
ENCODERS = {"gif": encode_gif, "webp": encode_webp, "avif": encode_avif}


@pytest.fixture(scope="module")
def frames(blend: Callable[..., Frames]) -> Frames:
    """The default: 24 frames of 400 x 267 pixels, with the grain that a painting has."""
    grain = np.random.default_rng(0).normal(0, 4, (267, 400, 3))
    return [(frame + grain).round().clip(0, 255).astype(np.uint8) for frame in blend(24, 400, 267)]


@pytest.fixture(scope="module")
def small(blend: Callable[..., Frames]) -> Frames:
    """Eight small frames, each clearly different."""
    return blend(8, 60, 40)


def decode(data: bytes) -> tuple[Frames, list[int], Image.Image]:
    """The frames as shown, with alpha, how long each stays, and the opened file."""
    image = Image.open(io.BytesIO(data))
    frames, times = [], []
    for number in range(image.n_frames):
        image.seek(number)
        frames.append(np.asarray(image.convert("RGBA")))
        times.append(int(image.info["duration"]))
    return frames, times, image


def decibels(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio of the colours."""
    return float(10 * np.log10(255**2 / np.mean((one[..., :3].astype(float) - other[..., :3]) ** 2)))


@pytest.mark.parametrize(
    ("format", "megabytes", "first", "last"),
    [("gif", 2.0, 29, 29), ("webp", 0.6, 30, 29), ("avif", 0.35, 30, 29)],
)
def test_the_default_animation_is_faithful_small_and_quick(
    frames: Frames, format: str, megabytes: float, first: float, last: float
) -> None:
    """24 frames of 400 x 267 pixels; the first and the last, which people look at, are close to what was painted."""
    start = time.process_time()
    data = ENCODERS[format](frames, fps=5)
    assert time.process_time() - start < 12
    assert len(data) < megabytes * 1e6
    shown, times, image = decode(data)
    assert image.format == format.upper()
    assert image.info.get("loop", 0) == 0  # AVIF loops unless it is told to stop
    # libwebp drops a frame that can hardly be told from the one before, and lets that one stay for longer.
    assert len(shown) == 24 if format != "webp" else 20 <= len(shown) <= 24
    assert sum(times) == 23 * 200 + HOLD
    assert max(times[:-1]) <= 400
    assert times[-1] in (HOLD, HOLD + 200)
    assert decibels(shown[0], frames[0]) > first
    assert decibels(shown[-1], frames[-1]) > last


@pytest.mark.parametrize("format", ENCODERS)
def test_bytes_are_the_same_each_time(small: Frames, format: str) -> None:
    """Encoding again changes nothing, so nothing is published anew."""
    assert ENCODERS[format](small, fps=5) == ENCODERS[format](small, fps=5)


def test_an_avif_does_not_tell_when_it_was_made(small: Frames) -> None:
    """Its boxes have the second in which they were written; the picture is another one no more than before."""
    first = encode_avif(small, fps=12)
    time.sleep(1.1)
    assert encode_avif(small, fps=12) == first
    for box in (b"mvhd", b"tkhd", b"mdhd"):
        where = first.index(box)
        assert first[where + 4 : where + 24] == bytes([1]) + first[where + 5 : where + 8] + bytes(16)
    with Image.open(io.BytesIO(first)) as image:
        assert image.n_frames == len(small)  # type: ignore[attr-defined]


@pytest.mark.parametrize("format", ENCODERS)
def test_a_picture_that_stands_still_stands_still(small: Frames, format: str) -> None:
    """No flicker: decoded frames are equal, or merged into one that stays for the whole time.

    AVIF goes on refining what stands still, by so little that nobody sees it.
    """
    shown, times, _ = decode(ENCODERS[format]([small[0]] * 4 + [small[-1]], fps=5))
    assert sum(times) == 4 * 200 + HOLD
    still = [frame for frame, end in zip(shown, np.cumsum(times), strict=True) if end <= 800]
    assert still
    most = 10 if format == "avif" else 0
    worst = max(int(np.abs(frame.astype(int) - still[0]).max()) for frame in still)
    assert worst <= most


@pytest.mark.parametrize("format", ENCODERS)
def test_one_frame_is_enough(small: Frames, format: str) -> None:
    """A painting with a single frame is a still of one frame."""
    image = Image.open(io.BytesIO(ENCODERS[format](small[:1], fps=5)))
    assert image.size == (60, 40)
    assert decibels(np.asarray(image.convert("RGB")), small[0]) > 27


@pytest.mark.parametrize("format", ENCODERS)
def test_transparent_stays_transparent_in_every_frame(small: Frames, format: str) -> None:
    """What is cut out of the content is cut out of its painting, from the first frame to the last."""
    alpha = np.full((40, 60), 255, np.uint8)
    alpha[:20] = 0
    shown, _, _ = decode(ENCODERS[format](small, fps=5, alpha=alpha))
    assert len(shown) == 8
    most = 3 if format == "avif" else 0  # its alpha is as lossy as its colours
    assert all(np.abs(frame[..., 3].astype(int) - alpha).max() <= most for frame in shown)


def test_a_gif_shows_exactly_what_was_chosen(small: Frames) -> None:
    """Differences between frames, decoded, add up to the frames in the palette, to the bit."""
    colors = shared_palette(small)
    shown, _, _ = decode(encode_gif(small, fps=5))
    expected = np.zeros((40, 60), np.uint8)
    for indices, frame in zip(frames_in_palette(small, colors), shown, strict=True):
        expected = np.where(indices == TRANSPARENT, expected, indices)
        assert np.array_equal(colors[expected], frame[..., :3])


def test_a_gif_has_one_palette(small: Frames) -> None:
    """No frame brings its own colours, which would flicker and take 768 bytes each."""
    data = encode_gif(small, fps=5)
    image = Image.open(io.BytesIO(data))
    palettes = set()
    for number in range(image.n_frames):
        image.seek(number)
        palettes.add(bytes(image.global_palette.palette))
        assert image.tile[0].args[0] == 8
    assert palettes == {shared_palette(small).tobytes()}
    assert data.count(shared_palette(small).tobytes()[:60]) == 1


def test_few_colours_are_kept_exactly() -> None:
    """A flat picture has its colours in the palette, and dithering does not touch them; white and black included."""
    colors = np.array([[0, 0, 0], [255, 255, 255], [200, 30, 40], [20, 90, 160]], np.uint8)
    frame = colors[np.arange(64 * 64).reshape(64, 64) // 32 % 4]
    shown, _, _ = decode(encode_gif([frame, frame[::-1]], fps=5))
    assert np.array_equal(shown[0][..., :3], frame)
    assert np.array_equal(shown[1][..., :3], frame[::-1])


def test_small_changes_wait_but_the_result_does_not() -> None:
    """A pixel within six levels stays as it is in between; the last frame is drawn as it is."""
    base, near, far = (np.full((16, 16, 3), level, np.uint8) for level in (108, 113, 180))
    colors = np.zeros((256, 3), np.uint8)
    colors[:3] = [[108] * 3, [113] * 3, [180] * 3]
    first, second, last = frames_in_palette([base, near, near], colors)
    assert (second == TRANSPARENT).all()
    assert colors[first].mean() < 110
    assert colors[np.where(last == TRANSPARENT, first, last)].mean() > 111
    _, second, _ = frames_in_palette([base, far, near], colors)
    assert (colors[second] == 180).all()


@pytest.mark.parametrize(
    ("count", "fps", "tick", "expected"),
    [
        (4, 5, 10, [200, 200, 200, HOLD]),
        (4, 3, 10, [330, 340, 330, HOLD]),
        (4, 3, 1, [333, 334, 333, HOLD]),
        (3, 50, 10, [20, 20, HOLD]),
        (3, 100, 10, [20, 20, HOLD]),
        (1, 5, 10, [HOLD]),
    ],
)
def test_durations(count: int, fps: int, tick: int, expected: list[int]) -> None:
    """Whole ticks, the last frame held, never faster than browsers play."""
    assert durations(count, fps, tick=tick) == expected


@given(count=st.integers(1, 400), fps=st.integers(1, 50), tick=st.sampled_from([1, 10]))
def test_rounding_does_not_add_up(count: int, fps: int, tick: int) -> None:
    """However long it is, the animation takes its time, within half a tick."""
    times = durations(count, fps, tick=tick)
    assert len(times) == count
    assert all(time % tick == 0 and time >= tick for time in times)
    assert abs(sum(times[:-1]) - 1000 * (count - 1) / fps) <= tick / 2


@pytest.mark.parametrize(("format", "name"), [("gif", "GIF"), ("webp", "WEBP"), ("avif", "AVIF")])
def test_a_pillow_without_the_codec_is_told(
    small: Frames, format: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the size, the format and the way out."""
    Image.init()
    monkeypatch.delitem(Image.SAVE_ALL, name)
    with pytest.raises(EncodeError) as caught:
        ENCODERS[format](small, fps=5)
    assert str(caught.value) == (
        f"Pillow cannot encode 8 frames of 60 x 40 as an animated {name}: '{name}'. "
        "Install Pillow from PyPI, which brings every format, or leave this one out of `animation: formats`."
    )


@pytest.mark.parametrize("format", ENCODERS)
def test_every_economy_takes_off_bytes(frames: Frames, format: str) -> None:
    """Each step is smaller than the one before, the last at most half, and its result can still be recognised."""
    sizes = []
    for economy in ECONOMIES:
        shown = [frames[index] for index in np.linspace(0, 23, economy.frames(24)).round().astype(int)]
        data = ENCODERS[format](shown, fps=5, economy=economy)
        sizes.append(len(data))
        decoded, _, _ = decode(data)
        assert 2 <= len(decoded) <= economy.frames(24)  # libwebp joins frames that hardly differ
        assert decibels(decoded[-1], frames[-1]) > 24
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 0.5 * sizes[0]
