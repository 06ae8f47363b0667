"""The page that this project automates, made again: from a manifest and a post to what Jekyll publishes.

`original/expected.yaml` describes the page as its author made it by hand; `original/site.yaml` and `original/posts/`
are what the program is given instead. Pictures are made here, with the original's names and aspect ratios. The
differences that are meant stand in the tables below, each with its reason; the tests allow no others.
"""

from __future__ import annotations

import datetime
import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lxml.html
import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from lxml.html import HtmlElement
from PIL import Image, ImageOps

from neural_gallery.cli.main import main
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.workers.local import local_painter, weights_sha256
from neural_gallery.workers.messages import Job, Message, Painted, Painter

if TYPE_CHECKING:
    from neural_gallery.workers.messages import RGB

pytestmark = pytest.mark.jekyll

ORIGINAL = Path(__file__).parent / "original"

# The pictures' files in pixels: sizes that give those of the original's attributes when scaled.
PICTURES = {
    "tardis.png": (400, 250),
    "tardis-explode.png": (400, 225),
    "van-gogh.png": (400, 225),
    "van-gogh-dr-pond.png": (400, 275),
    "me_512.jpg": (512, 329),
    "starry_night.jpg": (400, 311),
    "van_gogh_self_portrait.jpg": (413, 500),
    "donelli.jpg": (289, 400),
    "frida_kahlo.jpg": (307, 400),
    "mona_lisa_da_vinci_756.jpg": (265, 400),
    "picasso_selfport1907.jpg": (312, 400),
    "seated-nude.jpg": (308, 400),
    "shipwreck.jpg": (400, 276),
    "the_scream.jpg": (288, 400),
    "woman-with-hat-matisse.jpg": (296, 400),
}

# What differs from the original, and why.
MENDED_HEIGHTS = {  # result: (in the original, on our page)
    "van-gogh-zoomed_van-gogh.png": (225, 335),  # the picture is 400 x 335
    "van-gogh-dr-pond_van-gogh.png": (225, 275),  # the picture is 400 x 275
}
REMOVED_ELEMENTS = {
    "style": "the theme's stylesheet takes its place",
    "script": "the theme's script takes its place: no jQuery, and pictures without an animation are left alone",
}
ADDED_ELEMENTS = {
    "figure": "a pair, or a picture by itself, in place of div.pair and of a bare img",
    "picture": "offers further formats and widths",
    "source": "one of these formats",
    "figcaption": "holds a caption",
    "details": "tells, folded away, how a result was made",
}
ADDED_ATTRIBUTES = {
    "class": "for the stylesheet",
    "loading": "pictures further down are fetched when they come near",
    "decoding": "pictures do not hold up the text",
    "data-webp": "the same animation in a lighter format",
}
ADDED_FRONT_MATTER = {
    "date": "taken from the file's name, as Jekyll does",
    "excerpt": "the first paragraph as plain text, so that Jekyll does not cut one out of HTML",
}
ELEMENTS = {"h3", "p", "em", "a", "div", "img"}  # what the original's text is made of, without the removed


@dataclass(frozen=True)
class Published:
    """The regenerated site: as the program writes it, and as Jekyll builds it."""

    source: Path
    built: Path

    @property
    def front_matter(self) -> dict[str, Any]:
        """That of the post as written."""
        text = (self.source / "_posts/2015-09-08-neural-art.html").read_text(encoding="utf-8")
        return yaml.safe_load(text.split("---\n")[1])

    @property
    def page(self) -> HtmlElement:
        """The published post."""
        return lxml.html.fromstring((self.built / "2015/09/08/neural-art/index.html").read_text(encoding="utf-8"))

    @property
    def text(self) -> HtmlElement:
        """What stands in the post itself, without the layout's header and what only machines read."""
        (article,) = self.page.iter("article")
        for part in (*article.findall("header"), *article.findall("script[@type='application/ld+json']")):
            part.drop_tree()
        return article

    def file(self, address: str) -> Path:
        """The published file that an address on the page leads to."""
        path, below = address.split("#")[0], original()["base_url"] + "/"
        assert path.startswith(below)
        file = self.built / path.removeprefix(below)
        return file / "index.html" if path.endswith("/") else file


@pytest.fixture(scope="module")
def painter() -> Painter:
    """The real painter on thumbnails of one shape, for which it compiles once; results enlarged to their true size."""
    return on_thumbnails(local_painter, size=(32, 24))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, painter: Painter) -> Published:
    """Built by the command, then by Jekyll with everything strict and any warning a failure."""
    folder = tmp_path_factory.mktemp("original")
    shutil.copytree(ORIGINAL, folder, dirs_exist_ok=True)
    (folder / "pictures").mkdir()
    for number, (name, size) in enumerate(PICTURES.items()):
        made_picture(number, size).save(folder / "pictures" / name)

    workshop = Workshop(painter, weights_sha256())
    result = CliRunner().invoke(main, ["build", "--site", str(folder), "--quiet"], obj=workshop)
    assert (result.exit_code, result.output) == (0, "")

    site, built, strict = folder / "site", folder / "built", folder / "strict.yml"
    strict.write_text("liquid: {error_mode: strict, strict_filters: true, strict_variables: true}\n")
    command = ["jekyll", "build", "--strict_front_matter", "--disable-disk-cache", "--source", str(site)]
    command += ["--destination", str(built), "--config", f"{site / '_config.yml'},{strict}"]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    assert "warning" not in told.stdout.lower()
    return Published(site, built)


def test_sections_pictures_and_pairs_are_those_of_the_original(published: Published) -> None:
    """Headings, paragraphs, pictures and pairs stand in order, with the same files, sizes and alternative texts."""
    expected = original()["page"]
    mend_heights(expected)
    assert described(published.text) == expected


def test_each_of_the_fifteen_pairs_has_an_address(published: Published) -> None:
    """A pair can be linked to by the name of its result."""
    figures = list(published.text.find_class("pair"))
    assert len(figures) == 15
    for figure in figures:
        _, result = figure.iter("img")
        assert result.get("src").endswith(f"/{figure.get('id')}.png")


def test_no_element_has_come_or_gone_but_those_listed(published: Published) -> None:
    """The text consists of the original's elements, without the removed and with the added ones."""
    text = published.text
    for details in list(text.iter("details")):
        for part in details:
            part.drop_tree()
    assert {element.tag for element in text.iterdescendants()} == ELEMENTS | set(ADDED_ELEMENTS)
    assert not set(REMOVED_ELEMENTS) & {element.tag for element in text.iter()}


def test_images_carry_no_attribute_but_those_listed(published: Published) -> None:
    """Every added attribute is used, and no other is."""
    found = {name for image in published.text.iter("img") for name in image.attrib}
    assert found == {"src", "data-alt", "width", "height", "alt"} | set(ADDED_ATTRIBUTES)


def test_the_page_links_one_stylesheet_and_one_script(published: Published) -> None:
    """They take the place of the original's own, and of its jQuery."""
    scripts = [script.get("src") for script in published.page.iter("script") if script.get("type") is None]
    stylesheets = [link.get("href") for link in published.page.iter("link") if link.get("rel") == "stylesheet"]
    assert scripts == ["/JesseBuesking/static/js/gallery.js"]
    assert stylesheets == ["/JesseBuesking/static/css/gallery.css"]


def test_front_matter_passes_through(published: Published) -> None:
    """The original's keys keep their values and their order; what is added is listed."""
    front_matter = published.front_matter
    added = {key: front_matter.pop(key) for key in ADDED_FRONT_MATTER}
    assert list(front_matter.items()) == list(original()["front_matter"].items())
    assert added["date"] == datetime.datetime(2015, 9, 8, tzinfo=datetime.UTC)
    assert added["excerpt"] == "A first paragraph says what these pictures are, with a link to the paper."


def test_a_result_links_its_animation(published: Published) -> None:
    """Without a script, a click opens what the script would play: five frames a second, as the name says."""
    results = published.text.xpath("//a[@class='swap']")
    assert len(results) == 15
    for link in results:
        (image,) = link.iter("img")
        assert link.get("href") == image.get("data-alt")
        with Image.open(published.file(link.get("href"))) as animation:
            assert (animation.format, animation.size) == ("GIF", (int(image.get("width")), int(image.get("height"))))
            assert animation.info["duration"] == 200


def test_every_address_on_the_page_leads_to_a_published_file(published: Published) -> None:
    """Pictures, their further formats, animations, stylesheet and script: all lie below the base URL."""
    addresses = [address for address in addresses_on(published.page) if not address.startswith("http")]
    assert len(addresses) > 100
    assert [address for address in addresses if not published.file(address).is_file()] == []


def original() -> dict[str, Any]:
    """The original's description."""
    return yaml.safe_load((ORIGINAL / "expected.yaml").read_text(encoding="utf-8"))


def mend_heights(page: list[dict[str, Any]]) -> None:
    """Put the original's wrong heights right."""
    results = {part["pair"]["result"]["src"]: part["pair"]["result"] for part in page if "pair" in part}
    for name, (wrong, right) in MENDED_HEIGHTS.items():
        assert results[name]["height"] == wrong
        results[name]["height"] = right


def described(text: HtmlElement) -> list[dict[str, Any]]:
    """A post's text in the terms of expected.yaml."""
    page: list[dict[str, Any]] = []
    for kind, parts in itertools.groupby(text.iterchildren(), key=kind_of):
        if kind == "paragraphs":
            page.append({kind: len(list(parts))})
        elif kind == "heading":
            page += [{kind: part.text_content()} for part in parts]
        elif kind == "picture":
            page += [{kind: image_of(image)} for part in parts for image in part.iter("img")]
        else:
            pairs = [[image_of(image) for image in part.iter("img")] for part in parts]
            page += [{kind: {"left": left, "result": result}} for left, result in pairs]
    return page


def kind_of(part: HtmlElement) -> str:
    """What expected.yaml calls an element of a text."""
    return {"p": "paragraphs", "h3": "heading", "figure": part.get("class", "")}[part.tag]


def image_of(image: HtmlElement) -> dict[str, Any]:
    """An image in the terms of expected.yaml: without the added attributes, addresses below the pictures' folder."""
    found: dict[str, Any] = {name: value for name, value in image.attrib.items() if name not in ADDED_ATTRIBUTES}
    below = original()["images"] + "/"
    for name in {"src", "data-alt"} & set(found):
        assert found[name].startswith(below)
        found[name] = found[name].removeprefix(below)
    return found | {name: int(found[name]) for name in ("width", "height")}


def addresses_on(page: HtmlElement) -> list[str]:
    """Every address that a page names."""
    addresses = [str(value) for value in page.xpath("//@href | //@src | //@data-alt | //@data-webp")]
    return addresses + [one.split()[0] for value in page.xpath("//@srcset") for one in str(value).split(", ")]


def made_picture(number: int, size: tuple[int, int]) -> Image.Image:
    """A gradient in colours of its own."""
    gradient = Image.linear_gradient("L").rotate(90 * (number % 4)).resize(size)
    hue = 24 * number
    return ImageOps.colorize(gradient, black=f"hsl({hue}, 80%, 20%)", white=f"hsl({(hue + 60) % 360}, 80%, 80%)")


def on_thumbnails(paint: Painter, *, size: tuple[int, int]) -> Painter:
    """A painter that paints everything at `size` (width, height), and enlarges what comes of it."""

    def scaled(rgb: RGB, to: tuple[int, int]) -> RGB:
        return np.asarray(Image.fromarray(rgb).resize(to))

    def painter(job: Job) -> Iterator[Message]:
        height, width, _ = job.content.shape
        styles = tuple(replace(style, rgb=scaled(style.rgb, size)) for style in job.styles)
        settings = replace(job.settings, size=max(size))
        for message in paint(replace(job, content=scaled(job.content, size), styles=styles, settings=settings)):
            if isinstance(message, Painted):
                yield replace(message, rgb=scaled(message.rgb, (width, height)))
            else:
                yield replace(message, frames=tuple(scaled(frame, (width, height)) for frame in message.frames))

    return painter
