"""The documentation as a site: real MkDocs, strict, with our own plugin and the example site's pairs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from neural_gallery.corridor.run import paint
from neural_gallery.corridor.workshop import Workshop, local_workshop
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store
from neural_gallery.workers.messages import Painter

from ..support.installed import run_module
from ..support.links import broken_links, parsed
from .conftest import ROOT, replaced

QUICK = "  size: 64\n  animation: {frames: 3, formats: [gif]}\n  stills: {formats: [webp], widths: [32]}\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What MkDocs reads of this repository, with an example site whose pairs are small."""
    for folder in ("docs", "content"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    manifest = replaced((ROOT / "site.yaml").read_text(encoding="utf-8"), "  size: 400\n", QUICK)
    manifest = replaced(manifest, "size: 320, ", "")
    (tmp_path / "site.yaml").write_text(manifest, encoding="utf-8")
    return tmp_path


def test_build(clone: Path, painter: Painter) -> None:
    """Every page is built, every link leads somewhere, and the gallery has every pair."""
    folder = clone / STORE_FOLDER
    site = load_site(clone / "site.yaml")
    list(paint(site, Store(folder), Workshop(painter, local_workshop(folder).weights_sha256)))
    told = run_module(clone, "mkdocs", "build")
    assert "WARNING" not in told
    built = clone / "site"
    # The page for what is not found links from the host's root, wherever that is.
    assert [broken for broken in broken_links(built) if not broken.startswith("404.html")] == []
    gallery = parsed((built / "gallery/index.html").read_text(encoding="utf-8"))
    assert sorted(gallery.xpath("//figure[@class='pair']/@id")) == sorted(pair.id for pair in site.pairs)


def test_pages(clone: Path) -> None:
    """Nothing is fetched from elsewhere, no program is published, and lists are lists for Python-Markdown, too."""
    (clone / "docs/gallery.md").write_text("# Nothing painted\n")
    run_module(clone, "mkdocs", "build")
    for path in (clone / "site").rglob("*.html"):
        page = parsed(path.read_text(encoding="utf-8"))
        assert [link for link in page.xpath("//link/@href | //script/@src | //img/@src") if "//" in str(link)] == []
        # Code hosts begin a list in the middle of a paragraph; Python-Markdown needs an empty line before it.
        prose = "\n".join(map(str, page.xpath("//p/text()")))
        assert re.findall(r"^(?:-|\d+\.) .*", prose, flags=re.MULTILINE) == []
    assert not list((clone / "site").rglob("*.py"))


def test_a_fresh_clone(clone: Path) -> None:
    """Where nothing is painted, MkDocs ends with what to do."""
    told = run_module(clone, "mkdocs", "build", expecting=1)
    assert "pair 'chelsea-great-wave' is not painted yet (never painted). Run `neural-gallery paint`." in told
    assert "Traceback" not in told
