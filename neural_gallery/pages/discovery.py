"""What a page tells search engines and previews about itself and its pictures: JSON-LD in the words of schema.org.

Each picture is an `ImageObject` with its creator, credit and licence; a result names the pictures that it was made of.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from neural_gallery.pages.figures import alt_of, foremost
from neural_gallery.pages.placements import PicturePlacement, Placement, pairs_of
from neural_gallery.pages.views import Gallery, ImageFile
from neural_gallery.site.model import Picture, Site

Link: TypeAlias = Callable[[str], str]
"""From a path in the output folder to an address."""

_CREATIVE_COMMONS = "https://creativecommons.org"
_CC = re.compile(r"CC[ -](BY(?:-NC)?(?:-SA|-ND)?)[ -](\d\.\d)", re.IGNORECASE)
_ORGANIZATION = re.compile(r"\S*[A-Z]\S*[A-Z]\S*")  # NASA, SpaceX: one word with several capitals
_ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


@dataclass(frozen=True, slots=True)
class Preview:
    """The picture that stands for a page, and where the page will be; "" where that is not known."""

    address: str
    image: ImageFile | None
    image_address: str
    alt: str


def preview(placements: Iterable[Placement], gallery: Gallery, path: str, address: Link) -> Preview:
    """That of the page at `path`: its first result, where it is known at what address others can fetch it."""
    if first := foremost(placements, gallery):
        view = gallery.pairs[first.pair.id]
        if found := address(view.result.fallback.path):
            return Preview(address(path), view.result.fallback, found, alt_of(first, view))
    return Preview(address(path), None, "", "")


def structured_data(
    placements: Iterable[Placement],
    gallery: Gallery,
    site: Site,
    link: Link,
    *,
    title: str,
    description: str,
    date: datetime.datetime | None,
    address: str,
    whole: bool = True,
) -> str:
    """The page and its pictures as JSON-LD, to stand in a `<script>`. Pictures that are shown twice are told once.

    Not `whole`, it is the pictures alone: the site's own plugins tell about the page.
    """
    images = [*_images(placements, gallery, site, link)]
    page = {
        "@context": "https://schema.org",
        "@type": "BlogPosting" if date else "ImageGallery",
        "headline" if date else "name": title,
        "description": description,
        "url": address,
        "datePublished": date.isoformat() if date else "",
        "inLanguage": site.language,
        "author": _named("Person", site.author),
        "image": images,
    }
    told = _told(page if whole else {"@context": page["@context"], "@graph": images})
    text = json.dumps(told, ensure_ascii=False, separators=(", ", ": "))
    return text.translate(_ESCAPED)


def _images(placements: Iterable[Placement], gallery: Gallery, site: Site, link: Link) -> Iterable[dict[str, object]]:
    seen: set[str] = set()
    for placement in placements:
        for placed in pairs_of([placement]):
            pair, file = placed.pair, gallery.pairs[placed.pair.id].result.fallback
            if file.path in seen or gallery.pairs[pair.id].waits:  # its content is nothing made of anything
                continue
            seen.add(file.path)
            sources = [pair.content, *(style.picture for style in pair.styles)]
            yield _image(file, link, placed.alt) | {
                "creator": _named("Person", site.author),
                "isBasedOn": [_source(picture) for picture in sources],
            }
        if isinstance(placement, PicturePlacement):
            file = gallery.pictures[placement.picture.name].still.fallback
            if file.path not in seen:
                seen.add(file.path)
                yield _image(file, link, placement.alt) | _rights(placement.picture)


def _image(file: ImageFile, link: Link, caption: str) -> dict[str, object]:
    return {
        "@type": "ImageObject",
        "contentUrl": link(file.path),
        "caption": caption,
        "width": file.width,
        "height": file.height,
    }


def _source(picture: Picture) -> dict[str, object]:
    """A picture that a result was made of, whether or not it is published itself."""
    return {"@type": "VisualArtwork", "name": picture.title or picture.alt} | _rights(picture)


def _rights(picture: Picture) -> dict[str, object]:
    """Whose a picture is, and on what terms."""
    address = picture.source if picture.source.startswith(("http://", "https://")) else ""
    names = [name for name in re.split(r"\s*[,;]\s*", picture.credit) if name]
    creators = [_named("Organization" if _ORGANIZATION.fullmatch(name) else "Person", name) for name in names]
    return {
        "creator": creators[0] if len(creators) == 1 else creators,
        "creditText": picture.credit,
        "license": license_of(picture.license),
        "acquireLicensePage": address if picture.license else "",
        "url": address,
    }


def license_of(text: str) -> str | dict[str, object]:
    """The address of a licence that is known by its name; else the name as a work. "" for none."""
    if text.startswith(("http://", "https://")) or not text:
        return text
    if re.fullmatch(r"CC0(?:[ -]1\.0)?", text, re.IGNORECASE):
        return f"{_CREATIVE_COMMONS}/publicdomain/zero/1.0/"
    if text.lower() == "public domain":
        return f"{_CREATIVE_COMMONS}/publicdomain/mark/1.0/"
    if match := _CC.fullmatch(text):
        return f"{_CREATIVE_COMMONS}/licenses/{match[1].lower()}/{match[2]}/"
    return {"@type": "CreativeWork", "name": text}


def _named(kind: str, name: str) -> dict[str, object]:
    return {"@type": kind, "name": name} if name else {}


def _told(value: object) -> object:
    """The same without what is empty: what is not known is not told."""
    if isinstance(value, Mapping):
        told = {key: _told(one) for key, one in value.items()}
        return {key: one for key, one in told.items() if one not in ("", [], {})}
    if isinstance(value, list):
        return [_told(one) for one in value]
    return value
