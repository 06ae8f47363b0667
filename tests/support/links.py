"""Reads built pages: the links on them, and which of these lead nowhere."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import lxml.html
from lxml.html import HtmlElement


def parsed(text: str) -> HtmlElement:
    """A page as a tree. libxml2 does not know that a `source` has no content."""
    return lxml.html.document_fromstring(re.sub("(<source [^>]*>)", r"\1</source>", text))


def links(page: HtmlElement) -> list[str]:
    """Everything that a page names: links, pictures in every format and width, animations, stylesheets, scripts."""
    found = [
        str(value)
        for name in ("src", "href", "data-alt", "data-webp", "data-avif")
        for value in page.xpath(f"//@{name}")
    ]
    for srcset in page.xpath("//@srcset"):
        found += [candidate.split()[0] for candidate in str(srcset).split(",")]
    return found


def linked_file(folder: Path, link: str, *, page: Path, base_url: str = "") -> Path:
    """The file that a link on a page leads to, for a `folder` published under `base_url`.

    Raises ValueError where it leads out of the site, or to an address with an empty part.
    """
    here = f"{base_url}/{page.relative_to(folder).as_posix()}"
    path = urlsplit(urljoin(here, link)).path
    if not path.startswith(f"{base_url}/") or "//" in link.partition("?")[0]:  # urljoin hides empty parts
        raise ValueError(link)
    file = folder / unquote(path.removeprefix(base_url)).lstrip("/")
    return file / "index.html" if file.is_dir() else file


def broken_links(folder: Path, base_url: str = "") -> list[str]:
    """Every link of every page in `folder` that does not lead to a file there. Links to other sites are not tried."""
    broken = []
    for page in folder.rglob("*.html"):
        for link in links(parsed(page.read_text(encoding="utf-8"))):
            address = urlsplit(link)
            if address.scheme in ("http", "https", "mailto") or not address.path:
                continue
            try:
                found = linked_file(folder, link, page=page, base_url=base_url).is_file()
            except ValueError:
                found = False
            if not found:
                broken.append(f"{page.relative_to(folder)}: {link}")
    return broken
