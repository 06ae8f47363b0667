"""What the studio runs on: the device, its compiled programs, the memory that compiling leaves behind."""

from __future__ import annotations

import contextlib
import ctypes
import zlib
from pathlib import Path

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

FIRST_WITH_BFLOAT16 = 8
"""The major compute capability of the first NVIDIA GPUs with units for bfloat16: Ampere's."""

MOST_COMPILED = 2**28
"""Bytes of compiled programs that are kept. One takes 0.1 to 0.2 MB, a site of one shape needs about ten."""

_ZSTANDARD = b"\x28\xb5\x2f\xfd"  # how a file begins that JAX has packed with zstandard, where that is installed


def device_name(devices: int = 1) -> str:
    """What JAX paints on, for people: `CPU`, or the accelerator's own name; `8 x NVIDIA H100` where it is several."""
    device = jax.devices()[0]
    name = "CPU" if device.platform == "cpu" else device.device_kind
    return name if devices == 1 else f"{devices} x {name}"


def feature_dtype() -> DTypeLike:
    """What a network's features are kept in: bfloat16 where the device has units for it, else float32.

    Those are TPUs and NVIDIA's GPUs since Ampere; what their units add up is float32 all the same.
    """
    device = jax.devices()[0]
    major, *_ = str(getattr(device, "compute_capability", "")).split(".")  # of AMD's, a name
    capable = major.isdecimal() and int(major) >= FIRST_WITH_BFLOAT16
    return jnp.bfloat16 if device.platform == "tpu" or capable else jnp.float32


def keep_compilations(folder: Path) -> None:
    """Turns JAX's persistent compilation cache on, in that folder, where it is not on already.

    Programs there that are damaged are removed first. JAX writes them in place, so that a killed run leaves a part of
    one; it would complain of it in every later run, compile again each time, and never replace it. So are the oldest,
    where all of them take more than `MOST_COMPILED`: those of earlier versions, or of shapes long gone.

    What is kept there is good for a copy of the folder, too: with XLA's own caches, which would lie within it, the
    folder's path would be part of each program's key.
    """
    if jax.config.jax_compilation_cache_dir == str(folder):  # type: ignore[attr-defined]  # made when JAX starts
        return
    _tidy(folder)
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_enable_xla_caches", "none")
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)


def _tidy(folder: Path) -> None:
    """Leaves no damaged program in the folder, and of the others the newest."""
    programs = []
    for program in folder.glob("*-cache"):
        with contextlib.suppress(FileNotFoundError):  # another process is tidying, too
            status = program.stat()
            programs.append((status.st_mtime, status.st_size, program))
    kept = 0
    for _, size, program in sorted(programs, reverse=True):
        kept += size
        if kept > MOST_COMPILED or not _is_whole(program):
            program.unlink(missing_ok=True)


def _is_whole(program: Path) -> bool:
    """Whether a compiled program is as it was written, as far as its packing tells."""
    try:
        data = program.read_bytes()
        if not data.startswith(_ZSTANDARD):
            zlib.decompress(data)
    except (OSError, zlib.error):
        return False
    return True


def return_freed_memory() -> None:
    """Gives memory that is free but still held by the C library back to the system, where that library can (glibc).

    Compiling for a CPU leaves about 200 MB of it for each program: measured, a sixth of the peak of a painting.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return  # another C library: macOS, Windows and musl have no such call
    trim(0)
