"""The painter in this process: what it makes of a job, and that it stays light until it paints."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from neural_gallery import ENGINE_VERSION
from neural_gallery.errors import Location, WeightsError
from neural_gallery.site.model import Colors, Init, PaintSettings, Quality, WeightsFile
from neural_gallery.studio.data import BUNDLED_WEIGHTS, file_sha256
from neural_gallery.studio.recipe import Scale
from neural_gallery.workers import local
from neural_gallery.workers.messages import Job, Message, Painted, Progress, StyleSource

IMAGES = Path(__file__).parents[2] / "content" / "images"


def _picture(name: str, *size: int) -> np.ndarray:
    with Image.open(IMAGES / name) as image:
        return np.asarray(image.convert("RGB").resize(size, Image.Resampling.LANCZOS))


@pytest.fixture(scope="module")
def job() -> Job:
    """A blend of two paintings on a small photograph."""
    settings = PaintSettings(48, Quality.DRAFT, 0.6, Colors.STYLE, Init.CONTENT, 1.0, 0)
    styles = (StyleSource(_picture("poppies.jpg", 66, 44), 0.75), StyleSource(_picture("mona-lisa.jpg", 32, 50), 0.25))
    return Job("coffee-poppies", _picture("coffee.jpg", 48, 32), styles, settings, frames=5)


def test_a_job_becomes_progress_and_a_painting_with_its_facts(job: Job) -> None:
    """Real weights, a real blend: the frames asked for, the result in the content's size, facts that JSON can hold."""
    *progress, painted = local.local_painter(job)
    assert all(isinstance(message, Progress) for message in progress)
    assert isinstance(painted, Painted)
    assert painted.rgb.shape == (32, 48, 3)
    assert sum(len(message.frames) for message in progress) == 5
    work = [message.work for message in progress]
    assert (work[0], work[-1]) == (0.0, 1.0)
    assert work == sorted(work)
    facts = json.loads(json.dumps(painted.facts))
    assert facts["steps"] == sum(steps for _, steps in facts["scales"])
    assert facts["losses"][-1][0] == facts["steps"]
    assert facts["losses"][-1][1] < facts["losses"][0][1]
    assert facts["engine"] == ENGINE_VERSION
    assert set(facts["versions"]) == {"neural-gallery", "jax", "flax", "optax"}


def test_work_goes_with_the_pixels_of_each_scale() -> None:
    """A quarter of the pixels is a quarter of the work: 20 steps at 100 and 5 at 200 are halves of a painting."""
    settings = PaintSettings(200, Quality.DRAFT, 0.5, Colors.STYLE, Init.CONTENT, 1.0, 0)
    recipe = dataclasses.replace(local.recipe_of(settings), scales=(Scale(100, 20), Scale(200, 5)))
    assert [local.share_of_work(recipe, steps) for steps in (0, 10, 20, 21, 25)] == [0.0, 0.25, 0.5, 0.6, 1.0]


def test_the_first_message_comes_before_anything_heavy() -> None:
    """JAX is not imported until the second message is asked for; the weights' hash needs neither."""
    script = (
        "import sys\n"
        "from neural_gallery.workers import local\n"
        "print(local.weights_sha256(), 'jax' in sys.modules, 'numpy' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert told.stdout.split() == [file_sha256(BUNDLED_WEIGHTS), "False", "False"]


def test_closing_the_stream_stops_the_painting(job: Job) -> None:
    """A consumer that goes away, as Ctrl-C makes it, leaves nothing running."""
    messages = local.local_painter(job)
    next(messages)
    next(messages)
    messages.close()
    with pytest.raises(StopIteration):
        next(messages)


def test_compiled_programs_are_kept(job: Job, tmp_path: Path) -> None:
    """A painter with a cache leaves compiled programs for the next process to find, also in a copy of the folder."""
    script = (
        "import sys, pickle, pathlib\n"
        "from neural_gallery.workers import local\n"
        "job = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "list(local.painter_with_cache(pathlib.Path(sys.argv[2]))(job))\n"
    )
    import pickle

    (tmp_path / "job").write_bytes(pickle.dumps(job))

    def chunks(folder: str) -> set[str]:
        subprocess.run([sys.executable, "-c", script, tmp_path / "job", tmp_path / folder], check=True)
        return {path.name for path in (tmp_path / folder).glob("jit_paint_chunk-*-cache")}

    kept = chunks("first")
    assert kept
    shutil.copytree(tmp_path / "first", tmp_path / "elsewhere")
    assert chunks("elsewhere") == kept


def test_a_job_is_painted_with_the_weights_that_it_brings(job: Job, tmp_path: Path) -> None:
    """A VGG-16 of random filters, named by the job: it is painted with, and its hash has to be the one in the job."""
    from neural_gallery.studio.architecture import VGG16

    random = np.random.default_rng(3)
    arrays = {}
    for name in VGG16.convolutions:
        shape = VGG16.shape(name)
        kernel = random.normal(0, (2 / (9 * shape[2])) ** 0.5, shape).astype(np.float16)
        arrays |= {f"{name}.kernel": kernel, f"{name}.bias": np.zeros(shape[3], np.float32)}
    metadata = {"architecture": "VGG-16", "convention": "torchvision"}
    save_file(arrays, tmp_path / "vgg.safetensors", metadata)
    digest = file_sha256(tmp_path / "vgg.safetensors")
    weights = WeightsFile(tmp_path / "vgg.safetensors", "vgg.safetensors", digest, Location("site.yaml", 2, 10))
    small = dataclasses.replace(job, content=job.content[:32, :32])
    *_, painted = local.local_painter(dataclasses.replace(small, weights=weights))
    *_, usual = local.local_painter(small)
    assert painted.rgb.shape == usual.rgb.shape
    assert np.abs(painted.rgb.astype(int) - usual.rgb).mean() > 1
    with pytest.raises(WeightsError) as caught:
        list(local.local_painter(dataclasses.replace(job, weights=dataclasses.replace(weights, sha256="0" * 64))))
    assert str(caught.value) == (
        "site.yaml:2:10: the file 'vgg.safetensors' has changed since the manifest was read. Run the command again."
    )


def test_several_jobs_at_once(job: Job, tmp_path: Path) -> None:
    """Each gets its own messages, as by itself; one of another kind is painted all the same.

    Only four steps: with more, one bit of one pixel makes as much of a difference.
    """
    job = dataclasses.replace(job, settings=dataclasses.replace(job.settings, steps=(4,)))
    ensemble = local.LocalEnsemble(tmp_path)
    assert ensemble.at_once(job, 2) == 1
    settings = dataclasses.replace(job.settings, strength=0.3, bits=16)
    other = Job("chelsea-poppies", _picture("chelsea.jpg", 48, 32), job.styles[:1], settings, frames=3)
    narrow = dataclasses.replace(job, content=job.content[:, :24].copy())
    jobs = [job, narrow, other]
    told: dict[int, list[Message]] = {position: [] for position in range(3)}
    for position, message in ensemble(jobs):
        told[position].append(message)
    for position, one in enumerate(jobs):
        *progress, painted = told[position]
        assert isinstance(painted, Painted)
        assert sum(len(message.frames) for message in progress if isinstance(message, Progress)) == one.frames
        *_, wanted = local.local_painter(one)
        assert isinstance(wanted, Painted)
        assert (painted.fine is not None) == (one.settings.bits == 16)
        difference = np.abs(painted.rgb.astype(int) - wanted.rgb.astype(int))
        assert difference.mean() < 0.5, one.name
        assert painted.facts["scales"] == wanted.facts["scales"]
    stages = {message.stage for message in told[0] if isinstance(message, Progress)}
    assert any("2 pairs at once" in stage for stage in stages)
