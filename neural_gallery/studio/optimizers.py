"""Adam and L-BFGS on displayable colours: the steps that are compiled into one program.

Pictures are float32 in [0, 1], (1, H, W, 3). Every iterate is clipped to [0, 1], because what lies outside is lost when
the picture is saved: without it an optimiser reaches a low loss that no reader ever sees.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import lax
from jax.sharding import Mesh
from numpy.typing import NDArray

from neural_gallery.studio.losses import Seen, Targets, content_loss, seen, style_loss, total_variation
from neural_gallery.studio.mesh import ONE_BY_ONE, WHOLE, put_like
from neural_gallery.studio.recipe import Method
from neural_gallery.studio.vgg import VGG

LBFGS_MEMORY = 20
"""Past steps from which L-BFGS knows the curvature."""

LBFGS_REACH = 0.1
"""How far one step of L-BFGS may take a colour, of the way from black to white."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, slots=True)
class Easel:
    """The state of a painting at one scale."""

    image: jax.Array  # the iterate, (1, H, W, 3)
    average: jax.Array  # its exponential moving average: what is shown and saved
    moments: optax.OptState
    step: jax.Array  # steps done at this scale, int32
    pace: jax.Array  # what the learning rate is multiplied by: 1, halved after each setback


def adam(method: Method, *, steps: int) -> optax.GradientTransformation:
    """Adam's direction at a scale of so many steps, not yet multiplied by a learning rate."""
    return optax.scale_by_adam(b1=method.momentum_at(steps), b2=method.second_momentum)


def lbfgs() -> optax.GradientTransformationExtraArgs:
    """L-BFGS's direction. Its length is that of a whole step."""
    return optax.with_extra_args_support(optax.scale_by_lbfgs(memory_size=LBFGS_MEMORY))


def remembered_bytes(method: Method) -> int:
    """What the optimiser keeps of each pixel besides what Adam does: L-BFGS two pictures for each past step."""
    return 2 * LBFGS_MEMORY * 3 * 4 if method.optimizer == "lbfgs" else 0


def learning_rate(method: Method, *, step: jax.Array, steps: int) -> jax.Array:
    """Half a cosine from the first to the final learning rate."""
    schedule = optax.cosine_decay_schedule(
        method.learning_rate, max(steps, 1), alpha=method.final_learning_rate / method.learning_rate
    )
    return jnp.asarray(schedule(step))


@functools.partial(jax.jit, static_argnames="method")
def begin(image: jax.Array, method: Method) -> Easel:
    """The state before the first step from that picture."""
    # The average is a copy: one buffer cannot be donated twice.
    average = jnp.array(image, copy=True)
    optimizer = lbfgs() if method.optimizer == "lbfgs" else adam(method, steps=1)  # whatever their number
    return Easel(image, average, optimizer.init(image), jnp.zeros((), jnp.int32), jnp.ones(()))


@jax.jit
def duplicate(easel: Easel) -> Easel:
    """The same state in buffers of its own."""
    return jax.tree.map(jnp.copy, easel)


def slowed(easel: Easel, which: NDArray[np.bool_] | bool = True) -> Easel:
    """The same state, to go on from with half the learning rate; of several states only those."""
    return dataclasses.replace(easel, pace=put_like(np.where(which, easel.pace / 2, easel.pace), easel.pace))


def objective(
    network: VGG, image: jax.Array, targets: Targets, shares: tuple[jax.Array, jax.Array], method: Method
) -> jax.Array:
    """What is minimised: the shares of the style, kept smooth, and of the content. A scalar."""
    features = network(image, method.layers, pooling=method.pooling, extent=targets.extent)
    return mixed(seen(features, targets), total_variation(image, targets.extent), targets, shares, method)


def mixed(
    found: Seen, variation: jax.Array, targets: Targets, shares: tuple[jax.Array, jax.Array], method: Method
) -> jax.Array:
    """The objective of a picture of which all is known that there is to know."""
    style = style_loss(found, targets, dict(method.style_layers))
    content = content_loss(found, dict(method.content_layers))
    smooth_style = style + method.total_variation * variation
    return shares[0] * smooth_style + shares[1] * content


def step_with(
    loss_and_gradient: Callable[[jax.Array], tuple[jax.Array, jax.Array]], easel: Easel, method: Method, *, steps: int
) -> tuple[Easel, jax.Array]:
    """One step on displayable colours, and the loss before it."""
    loss, gradient = loss_and_gradient(easel.image)
    if method.optimizer == "lbfgs":
        change, moments = _lbfgs_change(gradient, easel)
    else:
        direction, moments = adam(method, steps=steps).update(gradient, easel.moments)
        change = learning_rate(method, step=easel.step, steps=steps) * jnp.asarray(direction)
    image = jnp.clip(easel.image - easel.pace * change, 0, 1)
    decay = method.average_decay(steps)
    average = decay * easel.average + (1 - decay) * image
    return Easel(image, average, moments, easel.step + 1, easel.pace), loss


def _lbfgs_change(gradient: jax.Array, easel: Easel) -> tuple[jax.Array, optax.OptState]:
    """What a step of projected L-BFGS takes away from the picture, and what it remembers.

    What would push a colour that is at its bound further out is no part of the gradient. Where the last step saw no
    positive curvature (clipping can bend it so), the memory is told that nothing moved: it would lead uphill.
    """
    state, image = easel.moments, easel.image
    assert isinstance(state, optax.ScaleByLBFGSState)
    outward = ((image <= 0) & (gradient > 0)) | ((image >= 1) & (gradient < 0))
    inward = jnp.where(outward, 0, gradient)
    before, slope_before = jnp.asarray(state.params), jnp.asarray(state.updates)
    moved, bent = (image - before).ravel(), (inward - slope_before).ravel()
    curved = jnp.vdot(moved, bent) > 1e-8 * jnp.linalg.norm(moved) * jnp.linalg.norm(bent)
    state = state._replace(
        params=jnp.where(curved, before, image),
        updates=jnp.where(curved, slope_before, inward),
    )
    direction, state = lbfgs().update(inward, state, image)
    direction = jnp.asarray(direction)
    return direction * jnp.minimum(1, LBFGS_REACH / jnp.maximum(jnp.abs(direction).max(), 1e-12)), state


@functools.partial(jax.jit, static_argnames=("method", "steps"))
def take_step(easel: Easel, gradient: jax.Array, *, method: Method, steps: int) -> Easel:
    """One of the `steps` steps of a scale, from a gradient that is known. The state is not given away."""
    return step_with(lambda _: (jnp.zeros(()), gradient), easel, method, steps=steps)[0]


@functools.partial(jax.jit, static_argnames=("network_graph", "method", "steps", "chunk"), donate_argnames="easel")
def paint_chunk(
    easel: Easel,
    network_state: nnx.State,
    targets: Targets,
    shares: tuple[jax.Array, jax.Array],
    *,
    network_graph: nnx.GraphDef,
    method: Method,
    steps: int,
    chunk: int,
) -> tuple[Easel, tuple[jax.Array, jax.Array]]:
    """`chunk` of the `steps` steps of a scale, in one program.

    Also returns the losses before each step, (chunk,), and the averages after each, (chunk, 1, H, W, 3), from which
    frames are taken. The state's buffers are donated. Nothing crosses to the host.
    """
    network = nnx.merge(network_graph, network_state)
    loss_and_gradient = jax.value_and_grad(lambda image: objective(network, image, targets, shares, method))

    def body(state: Easel, _: None) -> tuple[Easel, tuple[jax.Array, jax.Array]]:
        state, loss = step_with(loss_and_gradient, state, method, steps=steps)
        return state, (loss, state.average)

    return lax.scan(body, easel, length=chunk)


@functools.partial(
    jax.jit, static_argnames=("network_graph", "method", "steps", "chunk", "mesh"), donate_argnames="easels"
)
def paint_chunk_together(
    easels: Easel,
    network_state: nnx.State,
    targets: Targets,
    shares: tuple[jax.Array, jax.Array],
    *,
    network_graph: nnx.GraphDef,
    method: Method,
    steps: int,
    chunk: int,
    mesh: Mesh | None = None,
) -> tuple[Easel, tuple[jax.Array, jax.Array]]:
    """`paint_chunk` of n pictures on canvases of one shape: all arrays but the network's have an axis of n in front.

    On a mesh, each device paints its part of them: n is a multiple of their number, and they do not talk.
    """
    one = functools.partial(paint_chunk, network_graph=network_graph, method=method, steps=steps, chunk=chunk)
    together = jax.vmap(one, in_axes=(0, None, 0, 0))
    if mesh is not None:
        specs = (ONE_BY_ONE, WHOLE, ONE_BY_ONE, ONE_BY_ONE)
        together = jax.shard_map(together, mesh=mesh, in_specs=specs, out_specs=ONE_BY_ONE, check_vma=False)
    return together(easels, network_state, targets, shares)
