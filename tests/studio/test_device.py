"""What the studio knows of the device that it paints on."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import pytest

from neural_gallery.studio import device


@pytest.mark.parametrize(
    ("platform", "capability", "wanted"),
    [
        ("cpu", None, jnp.float32),
        ("tpu", None, jnp.bfloat16),
        ("gpu", "9.0", jnp.bfloat16),
        ("gpu", "10.0", jnp.bfloat16),
        ("gpu", "8.0", jnp.bfloat16),
        ("gpu", "7.5", jnp.float32),  # Turing: no units for it
        ("gpu", "gfx90a", jnp.float32),  # AMD's name their kind
        ("gpu", None, jnp.float32),
    ],
)
def test_features_are_kept_in_what_the_device_is_made_for(
    platform: str, capability: str | None, wanted: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half the bytes, where the units that multiply take them."""
    given = {} if capability is None else {"compute_capability": capability}
    monkeypatch.setattr(jax, "devices", lambda: [SimpleNamespace(platform=platform, **given)])
    assert device.feature_dtype() == wanted


@pytest.fixture
def no_cache() -> Iterator[None]:
    """JAX keeps nothing of what this test compiles elsewhere, and nothing afterwards."""
    before = jax.config.jax_compilation_cache_dir, jax.config.jax_persistent_cache_min_compile_time_secs
    yield
    jax.config.update("jax_compilation_cache_dir", before[0])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", before[1])


@pytest.mark.usefixtures("no_cache")
def test_compiled_programs_that_are_damaged_go(tmp_path: Path) -> None:
    """One that a killed run has left half, and one with a flipped bit: JAX would complain of them for ever."""
    whole = zlib.compress(bytes(range(256)) * 99)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    programs = {"whole-cache": whole, "torn-cache": whole[:-9], "flipped-cache": bytes(flipped), "empty-cache": b""}
    others = {"mine.txt": b"mine", "whole-atime": b"\0" * 8, "packed-cache": b"\x28\xb5\x2f\xfd other packing"}
    for name, data in (programs | others).items():
        (tmp_path / name).write_bytes(data)
    device.keep_compilations(tmp_path)
    assert jax.config.jax_compilation_cache_dir == str(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"whole-cache", *others}
    (tmp_path / "torn-cache").write_bytes(b"")
    device.keep_compilations(tmp_path)  # looked at once in each process
    assert (tmp_path / "torn-cache").exists()


@pytest.mark.usefixtures("no_cache")
def test_the_oldest_compiled_programs_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that is painted for years would keep those of every version of JAX."""
    packed = zlib.compress(bytes(range(256)))
    monkeypatch.setattr(device, "MOST_COMPILED", 2 * len(packed))
    for age, name in enumerate(["newest-cache", "newer-cache", "older-cache", "oldest-cache"]):
        (tmp_path / name).write_bytes(packed)
        os.utime(tmp_path / name, (0, 1e9 - age))
    (tmp_path / "mine.bin").write_bytes(packed)
    device.keep_compilations(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"newest-cache", "newer-cache", "mine.bin"}
