"""What each format of an animation takes: bytes, seconds, and how close its last frame is to the painting.

    python benchmarks/formats.py [FOLDER] [--frames 24] [--fps 5] [--crf 20,23,26]

FOLDER is a site with paintings in its store, the example unless given. Prints a Markdown table: medians over its
paintings with as many frames. `--crf` adds an MP4 for each of these rate factors. Needs imageio-ffmpeg.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import os
import statistics
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from numpy.typing import NDArray
from PIL import Image

from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.animations import encode_avif, encode_gif, encode_webp
from neural_gallery.store.economy import ECONOMIES
from neural_gallery.store.store import Store
from neural_gallery.store.video import encode_mp4

RGB = NDArray[np.uint8]
Encoder = Callable[[Sequence[RGB]], bytes]


def last_frame(data: bytes, shape: tuple[int, ...]) -> RGB:
    """The last frame as a browser shows it."""
    if data[4:8] == b"ftyp" and data[8:12] != b"avis":
        command = [get_ffmpeg_exe(), "-loglevel", "error", "-i", "pipe:0", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
        shown = subprocess.run(command, input=data, capture_output=True, check=True).stdout
        height, width = (side + side % 2 for side in shape[:2])
        frame = np.frombuffer(shown[-height * width * 3 :], np.uint8).reshape(height, width, 3)
        return frame[: shape[0], : shape[1]]
    with Image.open(io.BytesIO(data)) as image:
        image.seek(getattr(image, "n_frames", 1) - 1)
        return np.asarray(image.convert("RGB"))


def decibels(one: RGB, other: RGB) -> float:
    """Peak signal-to-noise ratio."""
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


def encoders(fps: int, factors: Sequence[int]) -> dict[str, Encoder]:
    """The formats to try, by name."""
    found: dict[str, Encoder] = {
        "GIF": partial(encode_gif, fps=fps),
        "WebP": partial(encode_webp, fps=fps),
        "AVIF": partial(encode_avif, fps=fps),
        "MP4": partial(encode_mp4, fps=fps),
    }
    for factor in factors:
        found[f"MP4, crf {factor}"] = partial(
            encode_mp4, fps=fps, economy=dataclasses.replace(ECONOMIES[0], mp4=factor)
        )
    return found


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path())
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--fps", type=int, default=5)
    parser.add_argument("--most", type=int, default=10, help="how many paintings")
    parser.add_argument("--crf", default="", help="rate factors of further MP4s, 20,23,26")
    options = parser.parse_args()
    store = Store(options.folder / STORE_FOLDER)
    records = [record for record in store.records() if record.frames >= options.frames][: options.most]
    paintings = [painting for record in records if (painting := store.painting(record.key))]
    if not paintings:
        parser.error(f"the store of {options.folder} has no painting with {options.frames} frames")
    frames = [painting.frames_for(options.frames) for painting in paintings]
    print(f"{len(frames)} paintings of about {frames[0][0].shape[1]} x {frames[0][0].shape[0]} pixels, medians\n")
    print("| format | kB | last frame dB | CPU s |\n| --- | --- | --- | --- |")
    factors = [int(factor) for factor in options.crf.split(",") if factor]
    for name, encode in encoders(options.fps, factors).items():
        rows = [_measured(encode, one) for one in frames]
        size, quality, seconds = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"| {name} | {size / 1000:.0f} | {quality:.1f} | {seconds:.2f} |", flush=True)


def _measured(encode: Encoder, frames: Sequence[RGB]) -> tuple[int, float, float]:
    before = _cpu_seconds()
    data = encode(frames)
    return len(data), decibels(last_frame(data, frames[-1].shape), frames[-1]), _cpu_seconds() - before


def _cpu_seconds() -> float:
    """Of this process and the programs that it ran."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()
