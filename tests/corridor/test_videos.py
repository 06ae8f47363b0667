"""MP4 on the way from the manifest to the page."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from neural_gallery.corridor.run import build
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import InputError
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store

WriteSite = Callable[..., Path]
MP4 = ("formats: [gif, webp]", "formats: [gif, webp, mp4]")


def built(manifest: Path, workshop: Workshop) -> Path:
    """The output folder of a build."""
    for _ in build(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop):
        pass
    return manifest.parent / "public"


def test_an_mp4_stands_beside_the_gif(write_site: WriteSite, workshop: Workshop) -> None:
    """The page names it as it names the other lighter files, the lightest first."""
    pytest.importorskip("imageio_ffmpeg")
    public = built(write_site(MP4), workshop)
    images = public / "static/img"
    assert (images / "sky-sun-5fps.mp4").read_bytes()[4:8] == b"ftyp"
    sizes = {kind: (images / f"sky-sun-5fps.{kind}").stat().st_size for kind in ("webp", "mp4")}
    page = (public / "index.html").read_text()
    named = sorted(sizes, key=lambda kind: page.index(f'data-{kind}="static/img/sky-sun-5fps.{kind}"'))
    assert named == sorted(sizes, key=lambda kind: sizes[kind])
    assert 'href="static/img/sky-sun-5fps.gif"' in page


def test_what_is_transparent_has_no_mp4(write_site: WriteSite, workshop: Workshop) -> None:
    """H.264 has no transparency: it would lay a ground over the page that the still does not have."""
    pytest.importorskip("imageio_ffmpeg")
    from PIL import Image

    manifest = write_site(MP4)
    with Image.open(manifest.parent / "sky.png") as opened:
        image = opened.convert("RGBA")
    image.putalpha(image.getchannel("R"))
    image.save(manifest.parent / "sky.png")
    images = built(manifest, workshop) / "static/img"
    assert sorted(path.suffix for path in images.glob("s*-sun-5fps.mp4")) == [".mp4"]
    assert (images / "sea-sun-5fps.mp4").exists()


@pytest.mark.parametrize("own", [False, True])
def test_without_the_extra_the_manifest_is_wrong(
    write_site: WriteSite, monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    """The entry that asks for it is named once, however many pairs it holds for, and so is what to install."""
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    line = "{content: sky, style: sun}"
    manifest = write_site((line, line[:-1] + ", animation: {formats: [mp4]}}") if own else MP4)
    monkeypatch.chdir(manifest.parent)
    with pytest.raises(InputError) as caught:
        load_site(manifest)
    place, name = ("14:54", "pair 1: animation.formats") if own else ("7:55", "defaults.animation.formats")
    assert str(caught.value) == (
        f"site.yaml:{place}: {name} has mp4, which takes imageio-ffmpeg to make. "
        "Run `pip install 'neural-gallery[video]'`, or leave mp4 out."
    )
