"""Several devices of one kind: which there are, and how arrays lie on them.

A mesh is a row of devices. An array lies on it in one of three ways: whole on each (weights, statistics, numbers), its
first axis shared out (pictures that are painted at the same time), or the rows of one picture shared out.
"""

from __future__ import annotations

import functools
from typing import Any, TypeVar

import jax
import numpy as np
from flax import nnx
from jax.sharding import Mesh, NamedSharding, PartitionSpec

T = TypeVar("T")

AXIS = "devices"
"""The only axis of a mesh."""

WHOLE = PartitionSpec()
"""Each device has all of it."""

ONE_BY_ONE = PartitionSpec(AXIS)
"""Each device has some of several pictures."""


def crew() -> tuple[Any, ...]:
    """The devices that paint: the first, and those like it. A slower one beside them would make all of them wait."""
    first, *others = jax.devices()
    return (first, *(other for other in others if other.device_kind == first.device_kind))


def mesh_of(devices: int) -> Mesh:
    """The first so many of the crew."""
    return Mesh(np.array(crew()[:devices]), (AXIS,))


@functools.lru_cache(maxsize=4)
def copies(network: nnx.Module, mesh: Mesh) -> nnx.State:
    """The state of a network, whole on each device: copied once, however many pictures are painted."""
    return put(nnx.split(network)[1], mesh, WHOLE)


def put(tree: T, mesh: Mesh, spec: PartitionSpec) -> T:
    """Arrays laid on the devices, all in one way."""
    return jax.device_put(tree, NamedSharding(mesh, spec))


def rows(array: jax.Array | np.ndarray | jax.ShapeDtypeStruct) -> PartitionSpec:
    """How an array that belongs to one picture lies: (…, H, W, C) by rows, all others whole on each device."""
    return PartitionSpec(*[None] * (array.ndim - 3), AXIS) if array.ndim >= 4 else WHOLE


def rows_of(tree: T) -> T:
    """`rows` of each array."""
    return jax.tree.map(rows, tree)


def put_rows(tree: T, mesh: Mesh) -> T:
    """Arrays of one picture laid on the devices."""
    return jax.tree.map(lambda array: jax.device_put(array, NamedSharding(mesh, rows(array))), tree)


def put_like(array: np.ndarray, other: jax.Array) -> jax.Array:
    """An array laid as another one lies, so that a program which was compiled for that one takes it."""
    return jax.device_put(array, other.sharding) if len(other.devices()) > 1 else jax.device_put(array)


def shares(count: int, devices: int) -> tuple[int, int]:
    """How many of the devices take so many pictures (or rows of one), and how many of them each.

    As few devices as do it in the same time: nine pictures on eight devices are two on each of five, with one place
    left over, and not two on each of eight.
    """
    each = -(-count // devices)
    return -(-count // each), each
