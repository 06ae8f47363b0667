"""What the studio runs on: the device, its compiled programs, the memory that compiling leaves behind."""

from __future__ import annotations

import ctypes
from pathlib import Path

import jax


def device_name() -> str:
    """The device that JAX paints on, for people: `CPU`, or the accelerator's own name."""
    device = jax.devices()[0]
    return "CPU" if device.platform == "cpu" else device.device_kind


def keep_compilations(folder: Path) -> None:
    """Turns JAX's persistent compilation cache on, in that folder."""
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


def return_freed_memory() -> None:
    """Gives memory that is free but still held by the C library back to the system, where that library can (glibc).

    Compiling for a CPU leaves about 200 MB of it for each program: measured, a sixth of the peak of a painting.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return  # another C library: macOS, Windows and musl have no such call
    trim(0)
