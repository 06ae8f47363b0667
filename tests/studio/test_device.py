"""What the studio knows of the device that it paints on."""

from __future__ import annotations

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
