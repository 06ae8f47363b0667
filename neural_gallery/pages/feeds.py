"""For those who look for pages rather than open them: an Atom feed of the posts, and a site map.

Both name addresses in full, so a site has them once its base URL says where it will stand.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from neural_gallery.pages.views import RenderedFile
from neural_gallery.site.model import Site

FEED, SITE_MAP = "feed.xml", "sitemap.xml"
NEWEST = 20
"""How many posts the feed has."""

_ATOM = "http://www.w3.org/2005/Atom"
_SITE_MAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_IMAGES = "http://www.google.com/schemas/sitemap-image/1.1"


@dataclass(frozen=True, slots=True)
class Listed:
    """A page as others hear of it. Addresses are whole."""

    address: str
    title: str
    summary: str
    body: str  # HTML
    date: datetime.datetime | None
    images: tuple[str, ...]


def feed(site: Site, pages: Sequence[Listed]) -> RenderedFile | None:
    """The newest posts, newest first, each whole. None where none has a date, which an entry of a feed must have."""
    dated = sorted(((page.date, page) for page in pages if page.date), key=lambda one: one[0], reverse=True)
    if not dated:
        return None
    root = _element(None, "feed", xmlns=_ATOM, **{"xml:lang": site.language})
    home = f"{site.base_url}/"
    _element(root, "id", home)
    _element(root, "title", site.title)
    if site.description:
        _element(root, "subtitle", site.description)
    _element(root, "updated", dated[0][0].isoformat())
    _element(root, "link", rel="self", type="application/atom+xml", href=f"{site.base_url}/{FEED}")
    _element(root, "link", rel="alternate", type="text/html", href=home)
    _element(_element(root, "author"), "name", site.author or site.title)
    for date, page in dated[:NEWEST]:
        entry = _element(root, "entry")
        _element(entry, "id", page.address)
        _element(entry, "title", page.title)
        _element(entry, "link", rel="alternate", type="text/html", href=page.address)
        _element(entry, "published", date.isoformat())
        _element(entry, "updated", date.isoformat())
        if page.summary:
            _element(entry, "summary", page.summary)
        _element(entry, "content", page.body, type="html")
    return _file(FEED, root)


def site_map(pages: Iterable[Listed]) -> RenderedFile:
    """Every page, with the pictures on it."""
    root = _element(None, "urlset", xmlns=_SITE_MAP, **{"xmlns:image": _IMAGES})
    for page in pages:
        url = _element(root, "url")
        _element(url, "loc", page.address)
        if page.date:
            _element(url, "lastmod", page.date.isoformat())
        for image in page.images:
            _element(_element(url, "image:image"), "image:loc", image)
    return _file(SITE_MAP, root)


def _element(parent: ElementTree.Element | None, tag: str, text: str = "", **attributes: str) -> ElementTree.Element:
    element = ElementTree.Element(tag) if parent is None else ElementTree.SubElement(parent, tag)
    element.text = "".join(filter(_allowed, text)) or None
    for name, value in attributes.items():
        element.set(name, value)
    return element


def _allowed(character: str) -> bool:
    """Whether XML may have that character."""
    return character in "\t\n\r" or (character >= " " and character not in "\ufffe\uffff")


def _file(path: str, root: ElementTree.Element) -> RenderedFile:
    ElementTree.indent(root)
    return RenderedFile(path, ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")
