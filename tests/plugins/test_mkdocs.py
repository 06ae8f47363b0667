"""Real MkDocs, strict, builds a site whose pages place finished pairs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..support.installed import run_module
from ..support.links import broken_links, links, parsed
from ..support.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FILES = {
    "mkdocs.yml": "site_name: Notes\nplugins: [search, neural_gallery]\n",
    "docs/index.md": "# Notes\n\n/// pair | sky-sun\n    caption: At *noon*.\n///\n",
    "docs/deep/er.md": (
        "---\ntitle: Deeper\n---\n\n# Deeper\n\n/// picture | sun\n///\n\n/// gallery | content=sky\n///\n"
    ),
    "docs/plain.md": "# Plain\n\nNothing here.\n",
}


@pytest.mark.parametrize(("theme", "directories"), [("mkdocs", "true"), ("readthedocs", "false")])
def test_build(notes: Path, theme: str, directories: str) -> None:
    """Figures are on their pages; every link on these leads to a file, stylesheet and script included."""
    with (notes / "mkdocs.yml").open("a") as configuration:
        configuration.write(f"use_directory_urls: {directories}\ntheme: {theme}\n")
    run_module(notes, "mkdocs", "build", "--strict")
    built = notes / "site"
    deeper = built / ("deep/er/index.html" if directories == "true" else "deep/er.html")
    pages = {path: parsed(path.read_text(encoding="utf-8")) for path in (built / "index.html", deeper)}
    assert [page.xpath("//h1/@id") for page in pages.values()] == [["notes"], ["deeper"]]
    assert [page.xpath("//figure/@class") for page in pages.values()] == [["pair"], ["picture", "pair"]]
    assert pages[built / "index.html"].xpath("//p[@class='caption']/em/text()") == ["noon"]
    for path, page in pages.items():
        ours = [link for link in links(page) if "static/" in link]
        assert [link for link in ours if not (path.parent / link.partition("?")[0]).is_file()] == []
        assert len(page.xpath("//figure//source/@srcset")) == len(page.xpath("//figure//picture"))
        assert len(page.xpath("//head/link[contains(@href, 'static/css/gallery.css')]")) == 1
        assert len(page.xpath("//script[@defer][contains(@src, 'static/js/gallery.js')]")) == 1
    assert [broken for broken in broken_links(built) if "static/" in broken and "404" not in broken] == []
    assert not list((built / "static/img").glob("sea*"))  # no page shows it


@pytest.mark.browser
def test_a_click_plays(notes: Path, browser: Browser) -> None:
    """The script works beside the theme's own: a click plays the animation, from a page in a folder, without frames."""
    run_module(notes, "mkdocs", "build", "--strict")
    with serving(notes / "site") as site:
        page = browser.new_page()
        page.goto(f"{site.address}/deep/er/")
        frame = "image => [getComputedStyle(image).padding, getComputedStyle(image).borderWidth]"
        assert page.locator("figure.pair img").first.evaluate(frame) == ["0px", "0px"]  # the theme's is not there
        page.locator("figure.pair button[aria-pressed=false]").click()
        page.wait_for_selector("figure.pair button[aria-pressed=true]")
        assert len(site.recorder.animations()) == 1
        page.close()


def test_wrong_block(notes: Path) -> None:
    """A block that cannot be ends the build, with the page's name and the line in the file."""
    text = FILES["docs/deep/er.md"].replace("picture | sun", "picture | son")
    (notes / "docs/deep/er.md").write_text(text)
    told = run_module(notes, "mkdocs", "build", expecting=1)
    assert "deep/er.md:7:15: there is no picture 'son'. Did you mean 'sun'?" in told
    assert "Traceback" not in told


def test_wrong_manifest(notes: Path) -> None:
    """A manifest that cannot be ends the build, as it ends the commands."""
    (notes / "mkdocs.yml").write_text("site_name: Notes\nplugins:\n  - neural_gallery: {manifest: sight.yaml}\n")
    told = run_module(notes, "mkdocs", "build", expecting=1)
    assert "sight.yaml: there is no such manifest." in told
    assert "Traceback" not in told


def test_a_file_of_that_name(notes: Path) -> None:
    """A file of the author's is not replaced."""
    (notes / "docs/static/css").mkdir(parents=True)
    (notes / "docs/static/css/gallery.css").write_text("mine")
    told = run_module(notes, "mkdocs", "build", expecting=1)
    assert "docs has a file 'static/css/gallery.css' already: rename it, or set another images_path." in told
