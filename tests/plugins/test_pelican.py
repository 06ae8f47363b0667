"""Real Pelican builds a site whose articles and pages place finished pairs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..support.installed import run_module
from ..support.links import links, parsed

FILES = {
    "pelicanconf.py": (
        "AUTHOR = 'A'\nSITENAME = 'Notes'\nTIMEZONE = 'UTC'\nPATH = 'content'\nDELETE_OUTPUT_DIRECTORY = True\n"
        "FEED_ALL_ATOM = CATEGORY_FEED_ATOM = TRANSLATION_FEED_ATOM = None\n"
        "AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = None\n"
        "PLUGINS = ['neural_gallery.plugins.pelican']\n"
    ),
    "content/noon.md": (
        "Title: Noon\nDate: 2026-11-20\nSummary: The *sky*.\n\nText.\n\n"
        "/// pair | sky-sun\n    caption: At *noon*.\n///\n"
    ),
    "content/pages/about.md": "Title: About\n\n/// picture | sun\n///\n",
}


@pytest.mark.parametrize("site_url", ["", "https://example.org/a/b"])
def test_build(notes: Path, site_url: str) -> None:
    """Figures are on their pages, with stylesheet and script; all that they name is there, under any SITEURL, twice."""
    with (notes / "pelicanconf.py").open("a") as configuration:
        configuration.write(f"SITEURL = '{site_url}'\n")
    for _ in range(2):
        run_module(notes, "pelican", "-s", "pelicanconf.py", "--fatal", "warnings")
    built = notes / "output"
    for name, shown in {"noon.html": "pair", "pages/about.html": "picture"}.items():
        page = parsed((built / name).read_text(encoding="utf-8"))
        assert page.xpath("//figure/@class") == [shown]
        assert page.xpath("//figure//source/@srcset")
        ours = [link.removeprefix(f"{site_url}/") for link in links(page) if "/static/" in link]
        assert {"static/css/gallery.css", "static/js/gallery.js"} < set(ours)
        assert [link for link in ours if not (built / link).is_file()] == []
    assert not list((built / "static/img").glob("sea*"))  # no page shows it


def test_wrong_block(notes: Path) -> None:
    """Pelican names the file of a block that cannot be, and we the line, its metadata included."""
    (notes / "content/noon.md").write_text(FILES["content/noon.md"].replace("| sky-sun", "| sky-son"))
    told = run_module(notes, "pelican", "-s", "pelicanconf.py", "--fatal", "errors", expecting=1)
    assert "noon.md" in told
    assert "text:7:12: there is no pair 'sky-son'. Did you mean 'sky-sun'?" in told


def test_wrong_manifest(notes: Path) -> None:
    """A manifest that cannot be is told for what it is, once."""
    with (notes / "pelicanconf.py").open("a") as configuration:
        configuration.write("NEURAL_GALLERY_MANIFEST = 'sight.yaml'\n")
    told = run_module(notes, "pelican", "-s", "pelicanconf.py", expecting=2)
    assert told.count("sight.yaml: there is no such manifest.") == 1
    assert "Traceback" not in told


def test_a_file_in_the_way(notes: Path) -> None:
    """A file of somebody else's that has the name of one of ours is kept, and told without a traceback."""
    (notes / "content/static/css").mkdir(parents=True)
    (notes / "content/static/css/gallery.css").write_text("mine")
    with (notes / "pelicanconf.py").open("a") as configuration:
        configuration.write("STATIC_PATHS = ['static']\n")
    told = run_module(notes, "pelican", "-s", "pelicanconf.py", expecting=1)
    assert "static/css/gallery.css" in told
    assert "Traceback" not in told
    assert (notes / "output/static/css/gallery.css").read_text() == "mine"
