"""Encoding how a painting came about as MP4 (H.264): what nearly every browser plays, and editors and messengers too.

Needs imageio-ffmpeg (the extra `video`), which brings an ffmpeg. Frames are 8-bit sRGB arrays (height, width, 3). A
page repeats the video; the last frame is held as in the other formats, by being there several times, for few bytes.

H.264 as browsers know it (yuv420p) has even sides only: where one is odd, its last row or column is there twice, and
a page cuts that off again. It has no transparency. One thread, and no date in the file: the same ffmpeg makes the same
bytes of the same frames.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from neural_gallery.errors import EncodeError, Problem
from neural_gallery.store.animations import HOLD, durations
from neural_gallery.store.economy import ECONOMIES, Economy

if TYPE_CHECKING:
    from neural_gallery.workers.messages import RGB

_REMEDY = "Run `pip install --upgrade 'neural-gallery[video]'`, or leave mp4 out of `animation: formats`."


def encode_mp4(frames: Sequence[RGB], *, fps: int, economy: Economy = ECONOMIES[0]) -> bytes:
    """A lossy MP4 that starts to play before it is loaded to its end. Raises EncodeError."""
    import numpy as np

    height, width, _ = frames[0].shape
    even = [np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge") for frame in frames]
    pace = round(1000 / durations(2, fps, tick=1)[0]) if fps > 50 else fps  # as fast as browsers play the others
    even += [even[-1]] * (round(pace * HOLD / 1000) - 1)
    size = f"{width + width % 2}x{height + height % 2}"
    with tempfile.TemporaryDirectory() as folder:  # the index goes to the front afterwards, which takes a real file
        file = Path(folder) / "animation.mp4"
        _run([*_source(size, pace), *_options(economy.mp4), str(file)], b"".join(frame.tobytes() for frame in even))
        return file.read_bytes()


def _source(size: str, fps: int) -> list[str]:
    return ["-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", size, "-framerate", str(fps), "-i", "pipe:0"]


def _options(crf: int) -> list[str]:
    # A small video that does not say all of what its colours are is shown by browsers as if it were BT.601: red 233.
    colors = (
        "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,"
        "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=iec61966-2-1"
    )
    coding = ["-c:v", "libx264", "-preset", "slow", "-crf", str(crf), "-pix_fmt", "yuv420p", "-threads", "1"]
    exact = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact"]
    return ["-vf", colors, *coding, *exact, "-movflags", "+faststart"]


def _run(arguments: Sequence[str], frames: bytes) -> None:
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        program = get_ffmpeg_exe()
        command = [program, "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *arguments]
        done = subprocess.run(command, input=frames, capture_output=True, check=False)
    except (ImportError, OSError, RuntimeError) as error:  # RuntimeError: the package has no program for this machine
        raise EncodeError(Problem(None, f"ffmpeg cannot be run to encode an MP4: {error}.", _REMEDY)) from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        reason = said[-1] if said else f"exit code {done.returncode}"
        raise EncodeError(Problem(None, f"ffmpeg cannot encode an MP4: {reason.rstrip('.')}.", _REMEDY))
