"""Views of finished pictures and pairs, as the corridor would hand them over, of sites whose pairs nobody painted."""

from __future__ import annotations

from dataclasses import replace

from neural_gallery.pages.views import Gallery, ImageFile, PairView, PictureView, StillView
from neural_gallery.site.model import Site


def gallery_of(site: Site) -> Gallery:
    """Views of all pictures and pairs of a site."""
    folder = site.images_path
    pictures = {}
    for name, picture in site.images.items():
        width, height = picture.fitted(400)
        pictures[name] = PictureView(
            picture, _still(f"{folder}/{name}", picture.extension, "image/jpeg", width, height)
        )
    pairs = {}
    for pair in site.pairs:
        stem = f"{folder}/{pair.id}"
        animation = ImageFile(f"{stem}-{pair.animation.fps}fps.gif", "image/gif", pair.width, pair.height, 2_000_000)
        lighter = replace(animation, path=f"{stem}-{pair.animation.fps}fps.webp", type="image/webp", bytes=500_000)
        still = _still(stem, ".png", "image/png", pair.width, pair.height)
        facts = {"steps": 180, "seconds": 72.4, "device": "cpu", "losses": [[4, 3.5], [180, 0.5]]}
        pairs[pair.id] = PairView(pair, still, animation, (lighter,), facts, f"- content: {pair.content.name}\n")
    return Gallery(pictures, pairs)


def _still(stem: str, extension: str, type_: str, width: int, height: int) -> StillView:
    sources = [
        ImageFile(f"{stem}-{times * width}.{kind}", f"image/{kind}", times * width, times * height, 1000)
        for kind in ("avif", "webp")
        for times in (1, 2)
    ]
    wide = ImageFile(f"{stem}-{2 * width}{extension}", type_, 2 * width, 2 * height, 1000)
    return StillView(ImageFile(f"{stem}{extension}", type_, width, height, 1000), (*sources, wide))
