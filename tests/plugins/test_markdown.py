"""The extension by itself, as any program uses it that renders Python-Markdown."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown import Markdown

from neural_gallery.errors import InputError, ManifestError, RunError
from neural_gallery.plugins.markdown import FiguresExtension

from ..support.installed import run_module
from ..support.links import links, parsed

PAIR = "/// pair | sky-sun\n///\n"


def converter(manifest: Path, **options: object) -> Markdown:
    """Python-Markdown with the extension, and with blocks of somebody else."""
    return Markdown(extensions=[FiguresExtension(manifest=str(manifest), **options), "pymdownx.blocks.details"])


def test_a_figure_is_that_of_a_post(painted: Path) -> None:
    """The block becomes the pair's figure, and everything that it names is among the files."""
    extension = FiguresExtension(manifest=str(painted))
    page = parsed(Markdown(extensions=[extension]).convert(f"Text.\n\n{PAIR}"))
    assert page.xpath("//figure[@class='pair']/@id") == ["sky-sun"]
    assert page.xpath("//body/p/text()") == ["Text."]
    named = {link.removeprefix("/") for link in links(page)}
    assert named == extension.finished.files().keys()
    assert {"static/css/gallery.css", "static/js/gallery.js", "static/img/sky-sun-5fps.gif"} < named


def test_only_a_text_with_figures_brings_the_stylesheet(painted: Path) -> None:
    """Nothing is added to a text without a figure, nor to one after it, nor where the site links both itself."""
    markdown = converter(painted)
    assert "gallery.css" in markdown.convert(PAIR)
    assert markdown.reset().convert("Text.") == "<p>Text.</p>"
    assert "gallery.css" not in converter(painted, assets=False).convert(PAIR)


def test_a_text_ends_with_credits(painted: Path) -> None:
    """Whoever made the pictures of a text is named below it, where the manifest names somebody."""
    assert "credits" not in converter(painted).convert(PAIR)
    painted.write_text(painted.read_text().replace("alt: a sun}", "alt: a sun, credit: Ra}"))
    page = parsed(converter(painted).convert(f"{PAIR}\nText.\n"))
    assert "Ra" in page.xpath("string(//p[.='Text.']/following::ul[@class='credits']/li)")


def test_headings_stay_as_they_are(painted: Path) -> None:
    """Credits end the text, and are in no heading, though the extension `toc` renders headings by themselves."""
    painted.write_text(painted.read_text().replace("alt: a sun}", "alt: a sun, credit: Ra}"))
    markdown = Markdown(extensions=["toc", FiguresExtension(manifest=str(painted))])
    page = parsed(markdown.convert(f"# One\n\n{PAIR}\n## Two\n\n{PAIR}"))
    assert page.xpath("//h1/@id | //h2/@id") == ["one", "two"]
    assert page.xpath("//figure/@id") == ["sky-sun", "sky-sun-2"]
    assert page.xpath("count(//h2/following::ul[@class='credits'])") == 1


def test_ids_are_given_out_once_in_a_text(painted: Path) -> None:
    """A pair placed twice has two ids; the next text begins anew."""
    markdown = converter(painted)
    ids = [parsed(markdown.reset().convert(f"{PAIR}\n{PAIR}")).xpath("//figure/@id") for _ in range(2)]
    assert ids == [["sky-sun", "sky-sun-2"]] * 2


@pytest.mark.parametrize("base_url", ["/a/b", "https://example.org/a/"])
def test_base_url(painted: Path, base_url: str) -> None:
    """Links begin with the base URL, whatever its depth."""
    page = parsed(converter(painted, base_url=base_url).convert(PAIR))
    assert {link.rpartition("/static/")[0] for link in links(page)} == {base_url.rstrip("/")}


def test_base_url_of_the_manifest(painted: Path) -> None:
    """Without one of its own, the extension takes the manifest's."""
    painted.write_text(painted.read_text().replace("target: html", "target: html\n  base_url: /art"))
    assert 'src="/art/static/img/sky-sun.png"' in converter(painted).convert(PAIR)


def test_blocks_of_other_extensions_are_left_to_them(painted: Path) -> None:
    """Blocks of other names work beside ours and around them."""
    page = parsed(converter(painted).convert(f"//// details | More | of it\n    open: true\n\n{PAIR}\n////\n"))
    assert page.xpath("//details[not(@class)]/summary/text()") == ["More | of it"]
    assert page.xpath("//details//figure/@id") == ["sky-sun"]


def test_all_that_is_wrong_is_told(painted: Path) -> None:
    """One error has every problem, with line and column; the next text is converted as if nothing had been."""
    markdown = converter(painted)
    wrong = "/// pair | sky-sum\n///\n\n/// pair | sky-sun\n    shaw: style\n///\n\n/// pair | sea-sun\n///\n"
    with pytest.raises(InputError) as raised:
        markdown.convert(wrong)
    assert str(raised.value).replace(f"{painted.parent}/", "").splitlines() == [
        "text:1:12: there is no pair 'sky-sum'. Did you mean 'sky-sun'?",
        "text:5:5: a pair block has no option 'shaw'. Did you mean 'show'?",
        "site.yaml:15:5: pair 'sea-sun' is not painted yet (never painted). Run `neural-gallery paint`.",
    ]
    assert "<figure" in markdown.reset().convert(PAIR)


def test_a_pair_that_is_not_painted(painted: Path) -> None:
    """What is not painted yet is no mistake of the text."""
    with pytest.raises(RunError, match="pair 'sea-sun' is not painted yet"):
        converter(painted).convert("/// gallery | all\n///\n")


def test_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    """The manifest's own problems are told as the commands tell them."""
    with pytest.raises(ManifestError, match=r"site\.yaml"):
        converter(tmp_path / "site.yaml")


def test_by_name(painted: Path) -> None:
    """The extension is found by its name, with options from a file, from the command line of Python-Markdown."""
    (painted.parent / "post.md").write_text(PAIR)
    (painted.parent / "options.yml").write_text("neural_gallery: {manifest: site.yaml, assets: false}")
    html = run_module(painted.parent, "markdown", "-x", "neural_gallery", "-c", "options.yml", "post.md")
    assert html.startswith('<figure class="pair" id="sky-sun">')
