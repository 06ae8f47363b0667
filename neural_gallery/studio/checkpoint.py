"""A painting that was stopped half-way, as bytes: all that is needed to go on as if nothing had happened.

The bytes are a safetensors file, so that reading them executes nothing. They say which scale, how many of its steps are
done, and hold the optimiser's whole state; a checkpoint of another recipe, or of other libraries, does not fit and is
refused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from neural_gallery.studio.optimizers import Easel

_ABOUT = "about"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a painting stands between two chunks."""

    scale: int  # index of the scale in the recipe
    done: int  # steps done over all scales
    losses: tuple[tuple[int, float], ...]
    setbacks: tuple[int, ...]
    state: tuple[np.ndarray, ...]  # the leaves of the easel

    def to_bytes(self) -> bytes:
        """As it is kept."""
        about = {"scale": self.scale, "done": self.done, "losses": self.losses, "setbacks": self.setbacks}
        tensors = {str(index): leaf for index, leaf in enumerate(self.state)}
        tensors[_ABOUT] = np.frombuffer(json.dumps(about).encode(), np.uint8)
        return save(tensors)

    def fits(self, like: Easel) -> bool:
        """Whether the state is one of an easel of those shapes and types."""
        return [(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(like)] == [
            (leaf.shape, leaf.dtype) for leaf in self.state
        ]

    def easel(self, like: Easel) -> Easel:
        """The optimiser's state, in the structure of another."""
        return jax.tree.unflatten(jax.tree.structure(like), [jax.device_put(leaf) for leaf in self.state])


def read_checkpoint(data: bytes) -> Checkpoint | None:
    """A checkpoint from its bytes; None where they are not one."""
    try:
        tensors = load(data)
        about = json.loads(tensors.pop(_ABOUT).tobytes())
        state = tuple(tensors[str(index)] for index in range(len(tensors)))
        losses = tuple((int(step), float(loss)) for step, loss in about["losses"])
        return Checkpoint(int(about["scale"]), int(about["done"]), losses, tuple(map(int, about["setbacks"])), state)
    except (SafetensorError, KeyError, ValueError, TypeError, OverflowError, RecursionError):
        return None


def checkpoint_of(
    easel: Easel, *, rows: int, scale: int, done: int, losses: list[tuple[int, float]], setbacks: list[int]
) -> Checkpoint:
    """The state of a painting now, copied to the host, with so many rows: those which only a split canvas has are not
    kept, so that any number of devices can go on from there.
    """
    state = tuple(_first_rows(np.asarray(leaf), rows) for leaf in jax.tree.leaves(easel))
    return Checkpoint(scale, done, tuple(losses), tuple(setbacks), state)


def _first_rows(array: np.ndarray, rows: int) -> np.ndarray:
    """Of an array of pictures, (…, H, W, C); others stay as they are."""
    return np.ascontiguousarray(array[..., :rows, :, :]) if array.ndim >= 4 else array


def with_rows(easel: Easel, rows: int) -> Easel:
    """A state with so many rows, zeros where there were none. They lie beyond the picture, and are not looked at."""

    def padded(array: jax.Array) -> jax.Array:
        missing = rows - array.shape[-3] if array.ndim >= 4 else 0
        return jnp.pad(array, [(0, 0)] * (array.ndim - 3) + [(0, missing), (0, 0), (0, 0)]) if missing else array

    return jax.tree.map(padded, easel)
