"""What the studio runs on."""

from __future__ import annotations

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
