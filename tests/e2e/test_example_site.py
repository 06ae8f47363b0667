"""The example site of the root, from its own manifest: painted, published as HTML and by Jekyll, and clicked on."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import html5lib
import pytest
from lxml.html import HtmlElement
from PIL import Image

from ..support.accessibility import violations
from ..support.browsing import opening, wait_for_still
from ..support.jekyll import build_strictly
from ..support.links import broken_links, linked_file, parsed
from ..support.serving import Served, serving
from .conftest import Example

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

    Open = Callable[..., Page]

FRAMES = 24
FRAME_MS = 200
HOLD = 2000  # of the last frame, in milliseconds as well
NOISE = 3  # a machine that does other things besides may take this many times the budget


def post_order(folder: Path) -> list[str]:
    """The pairs in the order in which the posts name them."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("content/posts/*.md")))
    return re.findall(r"^/// pair \| (\S+)$", text, flags=re.MULTILINE)


def images(page: HtmlElement) -> Iterator[tuple[HtmlElement, list[tuple[str, int]]]]:
    """Every image of a page with the further files that are offered for it, and the widths they are said to have."""
    for image in page.iter("img"):
        candidates = [one.split() for source in image.xpath("../source/@srcset") for one in source.split(",")]
        yield image, [(address, int(width.removesuffix("w"))) for address, width in candidates]


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of a picture's file."""
    with Image.open(path) as opened:
        return opened.size


def durations(path: Path) -> list[int]:
    """How long each frame of an animation is shown, in milliseconds."""
    with Image.open(path) as opened:
        shown = []
        for number in range(opened.n_frames):
            opened.seek(number)
            opened.load()  # WebP tells the duration only of what it has decoded
            shown.append(opened.info["duration"])
        return shown


# What is published.


def test_nothing_is_linked_that_is_not_there(example: Example) -> None:
    """Pictures in every format and width, animations, stylesheet, script and links lead to files."""
    assert (example.html / "index.html").is_file()
    assert broken_links(example.html) == []


def test_nothing_is_published_that_is_not_linked(example: Example) -> None:
    """Every published picture and animation stands on the page."""
    page = (example.html / "index.html").read_text(encoding="utf-8")
    published = [path.relative_to(example.html).as_posix() for path in (example.html / "static/img").iterdir()]
    assert len(published) > 50
    assert [path for path in published if path not in page] == []


def test_pairs_stand_in_the_order_of_the_post(example: Example) -> None:
    """All seven, each once."""
    order = post_order(example.folder)
    assert len(order) == 7
    assert example.page.xpath("//figure[@class='pair']/@id") == order


def test_sizes_on_the_page_are_those_of_the_files(example: Example) -> None:
    """A result's width and height are its file's; every image has the shape of the largest file offered for it."""
    page = example.html / "index.html"
    seen = 0
    for image, candidates in images(example.page):
        width, height = int(image.get("width")), int(image.get("height"))
        sizes = {address: size_of(linked_file(example.html, address, page=page)) for address, _ in candidates}
        assert {address: size[0] for address, size in sizes.items()} == dict(candidates)
        largest_width, largest_height = max(sizes.values())
        for one_width, one_height in [(width, height), *sizes.values()]:
            assert one_height == pytest.approx(one_width * largest_height / largest_width, abs=1), image.get("src")
        if image.get("class") == "result":
            assert size_of(linked_file(example.html, image.get("src"), page=page)) == (width, height)
        seen += 1
    assert seen == 17  # seven pairs, three pictures by themselves


def test_animations_last_as_long_as_said(example: Example) -> None:
    """24 frames at five a second, the last held longer, in every format; a file may join frames that are alike."""
    results = [image for image in example.page.iter("img") if image.get("data-alt")]
    assert len(results) == 7
    for image in results:
        for name in ("data-alt", "data-webp", "data-avif"):
            path = linked_file(example.html, image.get(name), page=example.html / "index.html")
            *steady, last = durations(path)
            assert sum(steady) + last == (FRAMES - 1) * FRAME_MS + HOLD, path.name
            assert all(duration % FRAME_MS == 0 for duration in steady)
            assert len(steady) >= 3
            assert last >= HOLD  # longer where the frame before is so like it that both became one
            assert (last - HOLD) % FRAME_MS == 0
            assert size_of(path) == (int(image.get("width")), int(image.get("height")))


def test_the_page_is_sound_html(example: Example) -> None:
    """A parser that follows the standard has no complaint."""
    parser = html5lib.HTMLParser()
    parser.parse((example.html / "index.html").read_text(encoding="utf-8"))
    assert parser.errors == []


# Building again.


def test_a_second_build_changes_nothing(example: Example) -> None:
    """Nothing is painted, no file is touched, and JAX is not even imported."""
    before = {path: path.stat().st_mtime_ns for path in example.html.rglob("*")}
    told = example.build(python=("-X", "importtime"))
    assert told.stdout.splitlines() == [
        "painted 0 pairs, reused 7; nothing changed in public",
        "open public/index.html",
    ]
    assert {path: path.stat().st_mtime_ns for path in example.html.rglob("*")} == before
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in told.stderr.splitlines()}
    assert "neural_gallery" in imported
    assert not {"jax", "jaxlib", "flax", "optax"} & imported


@pytest.mark.parametrize(
    ("arguments", "budget"), [(("build", "--quality", "draft"), 0.7), (("check",), 0.5)], ids=["build", "check"]
)
def test_what_has_nothing_to_do_is_fast(example: Example, arguments: tuple[str, ...], budget: float) -> None:
    """A build that finds everything painted, and a check, keep their budgets in seconds; the figures are printed."""
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        example.run(*arguments)
        taken.append(time.perf_counter() - start)
    median = statistics.median(taken)
    figures = ", ".join(f"{one:.2f}" for one in sorted(taken))
    print(f"{arguments[0]}: {median:.2f} s of {budget} s ({figures})")  # noqa: T201 shown with -s, and on failure
    assert median < NOISE * budget


# In a browser.


@pytest.fixture(scope="module")
def server(example: Example) -> Iterator[Served]:
    """The built site, served."""
    with serving(example.html) as served:
        yield served


@pytest.fixture
def site(server: Served) -> Served:
    """The served site, its recorder fresh."""
    server.recorder.reset()
    return server


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens an address; in the end no console may hold a word."""
    with opening(browser) as open_address:
        yield open_address


def activate(button: Locator, how: str, *, pressed: bool) -> None:
    """Click the button or press a key on it, and wait until it says that it is pressed, or not."""
    if how == "click":
        button.click()
    else:
        button.press(how)
    state = "true" if pressed else "false"
    button.and_(button.page.locator(f'[aria-pressed="{state}"]:not([aria-busy])')).wait_for()


def watch_shifts(page: Page) -> None:
    """Collect every shift of the layout, also those from before."""
    page.evaluate(
        """() => { window.shifts = []; new PerformanceObserver(list => window.shifts.push(...list.getEntries()))
        .observe({type: "layout-shift", buffered: true}); }"""
    )


@pytest.mark.browser
@pytest.mark.parametrize("how", ["click", "Enter", "Space"])
def test_a_result_plays_once_asked(site: Served, open_page: Open, how: str) -> None:
    """No animation is fetched beforehand, one afterwards and once; the next press brings the still's files back."""
    page = open_page(f"{site.address}/index.html")
    page.mouse.wheel(0, 20_000)
    page.wait_for_load_state("networkidle")
    assert site.recorder.animations() == {}

    button = page.locator("#chelsea-great-wave button.swap")
    wait_for_still(button)
    image = button.locator("img")
    attributes = "image => Object.fromEntries([...image.attributes].map(({name, value}) => [name, value]))"
    before, showed = image.evaluate(attributes), image.evaluate("image => image.currentSrc")
    for pressed in (True, False, True):
        activate(button, how, pressed=pressed)
        playing = image.evaluate("image => image.src")
        assert playing.partition("#")[0].endswith("chelsea-great-wave-5fps.avif") == pressed
    activate(button, how, pressed=False)
    assert {**image.evaluate(attributes), "decoding": before["decoding"]} == before
    assert before["src"] == "static/img/chelsea-great-wave.png"
    assert image.evaluate("image => image.currentSrc") == showed
    assert site.recorder.animations() == {"static/img/chelsea-great-wave-5fps.avif": 1}


@pytest.mark.browser
def test_nothing_shifts_while_all_pairs_play(example: Example, site: Served, open_page: Open) -> None:
    """From the first paint to the last pair played and stopped, the layout stays where it is."""
    page = open_page(f"{site.address}/index.html")
    watch_shifts(page)
    for pair in post_order(example.folder):
        button = page.locator(f"#{pair} button.swap")
        for pressed in (True, False):
            activate(button, "click", pressed=pressed)
    page.wait_for_timeout(700)  # what moves within half a second of a click is reported, too
    assert page.evaluate("window.shifts") == []
    assert len(site.recorder.animations()) == 7


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_keeps_anybody_from_reading(
    site: Served, open_page: Open, width: int, scheme: Literal["light", "dark"]
) -> None:
    """axe-core finds no violation of WCAG 2.2 AA, with every recipe open."""
    page = open_page(f"{site.address}/index.html", viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    assert violations(page) == []


@pytest.mark.browser
def test_without_javascript_a_result_links_its_animation(site: Served, open_page: Open) -> None:
    """The link opens the GIF."""
    page = open_page(f"{site.address}/index.html", quiet=False, java_script_enabled=False)
    page.locator("#rocket-snow-and-stars a.swap").click()
    page.wait_for_url("**/static/img/rocket-snow-and-stars-5fps.gif")


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_sticks_out(site: Served, open_page: Open, width: int) -> None:
    """No scrolling sideways, on a phone or on a desk."""
    page = open_page(f"{site.address}/index.html", viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("document.documentElement.scrollHeight") > 800


# By Jekyll.


@pytest.mark.jekyll
@pytest.mark.parametrize("base_url", ["", "/repo"])
def test_jekyll_builds_the_same_page(example: Example, jekyll_source: Path, tmp_path: Path, base_url: str) -> None:
    """Without a warning or a broken link; pictures and their alternative texts are those of the HTML target."""
    built = build_strictly(jekyll_source, tmp_path, base_url)
    page = parsed((built / "2026/11/20/borrowed-brushes/index.html").read_text(encoding="utf-8"))
    assert page.xpath("//figure[@class='pair']/@id") == post_order(example.folder)
    assert page.xpath("//article//img/@alt") == example.page.xpath("//article//img/@alt")
    named = [f"{base_url}/{address}" for address in example.page.xpath("//article//img/@src")]
    assert page.xpath("//article//img/@src") == named
    assert contents(built / "static/img") == contents(example.html / "static/img")


@pytest.mark.jekyll
@pytest.mark.browser
def test_a_result_plays_on_the_page_of_jekyll(jekyll_source: Path, tmp_path: Path, open_page: Open) -> None:
    """Published under a base URL, a pair plays and stops."""
    (tmp_path / "served").mkdir()
    built = build_strictly(jekyll_source, tmp_path, "/repo")
    built.rename(tmp_path / "served/repo")
    with serving(tmp_path / "served") as served:
        page = open_page(f"{served.address}/repo/2026/11/20/borrowed-brushes/")
        button = page.locator("#astronaut-face-poppies button.swap")
        for pressed in (True, False):
            activate(button, "click", pressed=pressed)
        name = "repo/static/img/astronaut-face-poppies-5fps.avif"
        page.wait_for_load_state("networkidle")
        page.close()  # before the server is gone, of which the console would tell
        assert served.recorder.animations() == {name: 1}


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}
