"""Pairs as the manifest gives them, and pictures that look like a painting in progress, without painting anything."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from neural_gallery.errors import Location
from neural_gallery.site.model import (
    AnimationSettings,
    Colors,
    Crop,
    Init,
    Optimizer,
    PaintSettings,
    Pair,
    Picture,
    Pooling,
    Quality,
    Show,
    StillSettings,
    WeightedStyle,
)
from neural_gallery.store.records import Origin, describe
from neural_gallery.store.store import Store

IMAGES = Path(__file__).parents[2] / "content" / "images"


def picture(name: str, *, sha256: str = "0" * 64, crop: Crop | None = None) -> Picture:
    """A picture of the manifest; nothing reads its file."""
    location = Location("site.yaml", 3, 3)
    path = Path(f"/site/{name}.jpg")
    return Picture(name, path, path.name, sha256, crop, 400, 267, False, f"the {name}", "", "", "", "", location)


@pytest.fixture
def pair() -> Pair:
    """A blend of two styles, one of them cropped."""
    styles = (
        WeightedStyle(picture("wave", sha256="b" * 64, crop=Crop(1, 2, 30, 40)), 0.75),
        WeightedStyle(picture("poppies", sha256="c" * 64), 0.25),
    )
    return Pair(
        id="cat-wave",
        content=picture("cat", sha256="a" * 64),
        styles=styles,
        paint=PaintSettings(400, Quality.BALANCED, 0.5, Colors.STYLE, Init.CONTENT, 1.0, 0),
        animation=AnimationSettings(5, 24, ("gif", "webp")),
        stills=StillSettings(("avif", "webp", "png"), (400, 800)),
        show=Show.CONTENT,
        alt="a cat as a wave",
        caption="",
        location=Location("site.yaml", 9, 3),
    )


@pytest.fixture
def masked(pair: Pair) -> Pair:
    """The same with all that a pair can do without: masks, layers, a picture to start from, numbers of its own."""
    first, second = pair.styles
    first = replace(first, layers=("relu1_1", "relu2_1"), mask=picture("sky-mask", sha256="1" * 64))
    second = replace(second, style_mask=picture("part", sha256="2" * 64, crop=Crop(5, 6, 70, 80)))
    paint = replace(
        pair.paint,
        init=Init.PICTURE,
        optimizer=Optimizer.LBFGS,
        steps=(20, 50),
        learning_rate=0.5,
        scales=2,
        pooling=Pooling.AVG,
        style_layers=(("relu1_1", 2.0), ("relu2_1", 0.5)),
        content_layers=(("relu4_2", 1.0),),
        total_variation=0.25,
        bits=16,
    )
    return replace(pair, styles=(first, second), paint=paint, init_picture=picture("sketch", sha256="3" * 64))


@pytest.fixture
def origin(pair: Pair) -> Origin:
    """The origin of a painting of `pair`."""
    return describe(pair, engine=1, weights_sha256="e" * 64, facts={"steps": 180, "losses": [[0, 2.5], [180, 0.25]]})


def _blend(count: int, width: int, height: int) -> list[NDArray[np.uint8]]:
    pictures = [
        np.asarray(Image.open(IMAGES / name).convert("RGB").resize((width, height)), float)
        for name in ("chelsea.jpg", "village-street-in-auvers.jpg")
    ]
    shares = np.linspace(0, 1, count) ** 0.5
    return [((1 - share) * pictures[0] + share * pictures[1]).round().astype(np.uint8) for share in shares]


@pytest.fixture(scope="session")
def blend() -> Callable[..., list[NDArray[np.uint8]]]:
    """Frames from one real picture to another, fast at first: `blend(count, width, height)`."""
    return _blend


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / ".neural-gallery")


class Killed(BaseException):
    """What stands for the process being killed."""


@pytest.fixture
def killed_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """`killed_at(n)`: at the n-th fsync or rename from now on, and at every later one, nothing happens any more.

    Not even cleaning up: what stands on the disk then is what a killed process leaves.
    """
    real = {name: getattr(os, name) for name in ("replace", "fsync", "unlink", "rmdir", "rename")}
    real["fsync"] = lambda descriptor: None  # nothing here loses power, and disks are slow
    left = [0]

    def counted(name: str) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            if name in ("replace", "fsync"):
                left[0] -= 1
            if left[0] <= 0:
                raise Killed
            return real[name](*args, **options)

        return call

    def start(steps: int) -> None:
        left[0] = steps
        for name in real:
            monkeypatch.setattr(os, name, counted(name))

    return start


@pytest.fixture
def killed() -> type[BaseException]:
    """What is raised where the process is killed."""
    return Killed
