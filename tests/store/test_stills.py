"""Stills: each format decodes to the picture that went in, at the width that was asked for."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, features

from neural_gallery.errors import EncodeError
from neural_gallery.store.stills import FORMATS, encode_still, format_of, ladder, scaled_height

Frames = list[NDArray[np.uint8]]


@pytest.fixture(scope="module")
def painting(blend: Callable[..., Frames]) -> NDArray[np.uint8]:
    """Half-way between a photograph and a painting, 400 x 267 pixels."""
    return blend(3, 400, 267)[1]


def decode(data: bytes, mode: str = "RGB") -> NDArray[np.uint8]:
    """The pixels of an encoded picture."""
    return np.asarray(Image.open(io.BytesIO(data)).convert(mode))


def decibels(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio."""
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


@pytest.mark.parametrize(
    ("format", "fidelity", "kilobytes", "seconds"),
    [("avif", 31, 35, 0.5), ("webp", 32, 40, 0.5), ("jpeg", 32, 60, 0.2), ("gif", 28, 120, 0.5)],
)
def test_lossy_formats_are_close_small_and_quick(
    painting: NDArray[np.uint8], format: str, fidelity: float, kilobytes: int, seconds: float
) -> None:
    """At the size of the default pair; times are several times those measured, for busy machines."""
    start = time.process_time()
    data = encode_still(painting, None, format=format, width=400)
    assert time.process_time() - start < 4 * seconds
    assert decibels(decode(data), painting) > fidelity
    assert len(data) < kilobytes * 1000


def test_png_is_exact(painting: NDArray[np.uint8]) -> None:
    """The file with the contract's name holds the very pixels of the painting."""
    assert np.array_equal(decode(encode_still(painting, None, format="png", width=400)), painting)


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_what_it_says_and_says_nothing_else(painting: NDArray[np.uint8], format: str) -> None:
    """The right type, no EXIF, no colour profile, no text."""
    image = Image.open(io.BytesIO(encode_still(painting, None, format=format, width=400)))
    assert image.get_format_mimetype() == FORMATS[format].mime
    assert image.size == (400, 267)
    assert not {"exif", "icc_profile", "xmp", "comment"} & set(image.info)
    assert format_of(f".{FORMATS[format].extension}") == format


@pytest.mark.parametrize("format", FORMATS)
def test_bytes_are_the_same_each_time(painting: NDArray[np.uint8], format: str) -> None:
    """Encoding again changes nothing, so nothing is published anew."""
    first = encode_still(painting, None, format=format, width=200)
    assert encode_still(painting, None, format=format, width=200) == first


@pytest.mark.parametrize(("width", "size"), [(400, (400, 267)), (800, (400, 267)), (200, (200, 134)), (1, (1, 1))])
def test_pictures_shrink_and_never_grow(painting: NDArray[np.uint8], width: int, size: tuple[int, int]) -> None:
    """Wider than the picture means as wide as the picture."""
    assert Image.open(io.BytesIO(encode_still(painting, None, format="png", width=width))).size == size


def test_shrinking_keeps_the_mean(painting: NDArray[np.uint8]) -> None:
    """Lanczos only distributes light."""
    small = decode(encode_still(painting, None, format="png", width=100))
    assert np.abs(small.mean((0, 1)) - painting.mean((0, 1))).max() < 1


def test_transparency_survives_where_the_format_has_it(painting: NDArray[np.uint8]) -> None:
    """Exactly in PNG, in all or nothing in GIF, nearly in the others; a JPEG gets a white ground."""
    alpha = np.tile(np.linspace(0, 255, 400).astype(np.uint8), (267, 1))
    found = {
        format: decode(encode_still(painting, alpha, format=format, width=400), "RGBA")[..., 3] for format in FORMATS
    }
    assert np.array_equal(found["png"], alpha)
    assert np.array_equal(found["webp"], alpha)
    assert np.abs(found["avif"].astype(int) - alpha).max() < 24
    assert np.array_equal(found["gif"], np.where(alpha < 128, 0, 255))
    assert found["jpeg"].min() == 255
    jpeg = decode(encode_still(painting, alpha, format="jpeg", width=400))
    assert jpeg[:, :4].min() > 240
    assert decibels(jpeg[:, -8:], painting[:, -8:]) > 25


def test_hidden_colours_do_not_bleed_when_scaled() -> None:
    """Red under full transparency does not tint the blue beside it."""
    rgb = np.zeros((8, 8, 3), np.uint8)
    rgb[:, :4] = (255, 0, 0)
    rgb[:, 4:] = (0, 0, 255)
    alpha = np.zeros((8, 8), np.uint8)
    alpha[:, 4:] = 255
    small = decode(encode_still(rgb, alpha, format="png", width=3), "RGBA")
    visible = small[small[..., 3] > 8]
    assert len(visible) > 0
    assert visible[:, 0].max() <= 2


@pytest.mark.parametrize(
    ("natural", "widths", "made"),
    [
        (400, (400, 800), (400,)),
        (600, (400, 800), (400, 600)),
        (1000, (400, 800), (400, 800)),
        (300, (400, 800), (300,)),
        (1000, (800, 400, 400), (400, 800)),
        (300, (), (300,)),
    ],
)
def test_the_ladder_of_widths_ends_at_the_picture(natural: int, widths: tuple[int, ...], made: tuple[int, ...]) -> None:
    """What would have to be scaled up is made at the natural width, once."""
    assert ladder(natural, widths) == made


def test_heights_round_half_up_and_never_vanish() -> None:
    """As `fit` does, and as the encoder does."""
    assert scaled_height(400, 267, 200) == 134
    assert scaled_height(4000, 3, 400) == 1


@pytest.mark.parametrize(
    ("extension", "format"),
    [(".jpg", "jpeg"), (".jpeg", "jpeg"), (".png", "png"), (".avif", "avif"), (".tiff", None), ("", None)],
)
def test_formats_by_extension(extension: str, format: str | None) -> None:
    """Only what every browser shows has one."""
    assert format_of(extension) == format


def test_an_unknown_format_is_told(painting: NDArray[np.uint8]) -> None:
    """With the nearest one where there is one."""
    with pytest.raises(EncodeError) as caught:
        encode_still(painting, None, format="wepb", width=400)
    assert str(caught.value) == "a still cannot be encoded as 'wepb'. Did you mean 'webp'?"
    with pytest.raises(EncodeError) as caught:
        encode_still(painting, None, format="tiff", width=400)
    words = "a still cannot be encoded as 'tiff'. Known are avif, webp, jpeg, png, gif."
    assert str(caught.value) == words


def test_a_pillow_without_the_codec_is_told(painting: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    """Distributions' Pillows may lack AVIF."""
    assert features.check("avif")
    Image.init()
    monkeypatch.delitem(Image.SAVE, "AVIF")
    with pytest.raises(EncodeError) as caught:
        encode_still(painting, None, format="avif", width=400)
    assert str(caught.value) == (
        "Pillow cannot encode a 400 x 267 still as avif: 'AVIF'. "
        "Install Pillow from PyPI, which brings every format, or leave avif out of `stills: formats`."
    )
