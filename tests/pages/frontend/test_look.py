"""How the pages look: layout from phone to wall, both colour schemes, print, and nothing of it in a foreign theme."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Locator, Page

    from ...support.serving import Served

    OpenPage = Callable[..., Page]

pytestmark = pytest.mark.browser

PAGES = ["post", "gallery", "index", "sheet", "foreign"]
WIDTHS = [320, 768, 1280, 2560]


def box(locator: Locator) -> FloatRect:
    """Where an element lies."""
    found = locator.bounding_box()
    assert found is not None
    return found


def style(locator: Locator, name: str, *, pseudo: str = "") -> str:
    """A computed property of an element, or of its `::before`."""
    value: str = locator.evaluate(
        "(element, [name, pseudo]) => getComputedStyle(element, pseudo || null).getPropertyValue(name)", [name, pseudo]
    )
    return value


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways(open_page: OpenPage, name: str, width: int) -> None:
    """From the smallest phone to the largest screen, with the recipes open, everything fits."""
    page = open_page(name, viewport={"width": width, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("name", "count"), [("post", 7), ("foreign", 3)])
def test_pictures_keep_their_proportions_and_never_grow(open_page: OpenPage, name: str, count: int, width: int) -> None:
    """A picture is at most as wide as its attribute says, and as high as that asks."""
    page = open_page(name, viewport={"width": width, "height": 800})
    pictures = page.locator("figure img").all()
    assert len(pictures) == count
    for image in pictures:
        natural = [int(image.get_attribute(name) or 0) for name in ("width", "height")]
        shown = box(image)
        assert shown["width"] <= natural[0]
        assert shown["height"] == pytest.approx(shown["width"] * natural[1] / natural[0], abs=0.6)


def test_a_pair_stands_side_by_side_on_one_line_where_there_is_room(open_page: OpenPage) -> None:
    """Two 400 pixel pictures are shown whole, their middles level, and reach beyond the text on both sides."""
    page = open_page("post", viewport={"width": 1280, "height": 800})
    left, right = (box(page.locator(f"#rocket-great-wave img.{side}")) for side in ("source", "result"))
    assert left["width"] == right["width"] == 400
    assert left["x"] + left["width"] < right["x"]
    text = box(page.locator(".post > p").first)
    assert left["x"] < text["x"]
    assert text["x"] + text["width"] < right["x"] + right["width"]

    left, right = (box(page.locator(f"#chelsea-mona-lisa img.{side}")) for side in ("source", "result"))
    assert left["height"] > right["height"]
    assert left["y"] + left["height"] / 2 == pytest.approx(right["y"] + right["height"] / 2, abs=1)


def test_both_pictures_of_a_pair_shrink_alike(open_page: OpenPage) -> None:
    """Where the room is short of both, a portrait and a landscape keep their relative size."""
    page = open_page("post", viewport={"width": 600, "height": 800})
    left, right = (page.locator(f"#chelsea-mona-lisa img.{side}") for side in ("source", "result"))
    scales = [box(image)["width"] / int(image.get_attribute("width") or 0) for image in (left, right)]
    assert scales[0] < 1
    assert scales[0] == pytest.approx(scales[1], rel=0.01)
    assert box(left)["x"] < box(right)["x"]


def test_a_pair_is_stacked_on_a_phone(open_page: OpenPage) -> None:
    """One above the other, as wide as the column."""
    page = open_page("post", viewport={"width": 375, "height": 800})
    left, right = (box(page.locator(f"#rocket-great-wave img.{side}")) for side in ("source", "result"))
    assert left["y"] + left["height"] < right["y"]
    assert left["x"] == right["x"] == 16
    assert left["width"] == right["width"] == 343


@pytest.mark.parametrize(("width", "columns"), [(375, 1), (768, 1), (1440, 2), (2560, 3)])
def test_a_gallery_hangs_in_as_many_columns_as_there_is_room_for(open_page: OpenPage, width: int, columns: int) -> None:
    """Pairs stand beside each other on a wide screen, below each other on a small one."""
    page = open_page("gallery", viewport={"width": width, "height": 800})
    assert len({box(figure)["x"] for figure in page.locator(".gallery figure").all()}) == columns


@pytest.mark.parametrize("width", [375, 1280, 2560])
def test_prints_on_the_sheet_lie_in_rows_from_where_the_text_begins(open_page: OpenPage, width: int) -> None:
    """All are of one height; what stands beside each other stands on one line, under titles of one line or two."""
    page = open_page("sheet", viewport={"width": width, "height": 800})
    prints = [box(image) for image in page.locator(".sheet img").all()]
    assert all(print_["height"] == pytest.approx(150, abs=0.6) for print_ in prints)
    rows = {round(print_["y"] + print_["height"]) for print_ in prints}
    assert len(rows) == (3 if width == 375 else 1)
    assert min(print_["x"] for print_ in prints) == pytest.approx(box(page.locator("h1"))["x"], abs=0.1)
    for section in page.locator(".sheet").all():
        title = box(section.locator("h2"))
        assert title["width"] <= box(section.locator("ul"))["width"]


@pytest.mark.parametrize("width", [375, 1280])
def test_a_caption_begins_and_ends_with_its_pictures(open_page: OpenPage, width: int) -> None:
    """However long the recipe, it wraps within the pictures' width."""
    page = open_page("post", viewport={"width": width, "height": 800})
    page.locator("#rocket-great-wave summary").click()
    caption, pictures = (box(page.locator(f"#rocket-great-wave {part}")) for part in ("figcaption", ".pair-pictures"))
    assert (caption["x"], caption["width"]) == (pictures["x"], pictures["width"])


def test_a_line_of_prose_is_readable(open_page: OpenPage) -> None:
    """At any width a line of text holds some 45 to 75 characters."""
    for width in (768, 1280, 2560):
        page = open_page("post", viewport={"width": width, "height": 800})
        paragraph = page.locator(".post > p").first
        lines = box(paragraph)["height"] / float(style(paragraph, "line-height").removesuffix("px"))
        characters = len(" ".join((paragraph.text_content() or "").split()))
        assert 45 <= characters / lines <= 75


def luminance(colour: tuple[float, ...]) -> float:
    """Relative luminance (WCAG 2.2) of an sRGB colour in 0 to 255."""
    shares = [value / 255 for value in colour]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """Contrast ratio (WCAG 2.2) of two sRGB colours."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# Draws the colours over one another, so that transparency and any colour notation are the browser's to work out.
FLATTEN = """colours => { const canvas = new OffscreenCanvas(1, 1).getContext("2d");
  for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
  return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3); }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["post", "index", "sheet"])
def test_text_has_enough_contrast(open_page: OpenPage, name: str, scheme: str) -> None:
    """All text reaches 4.5 : 1 on its background, in both schemes."""
    page = open_page(name, color_scheme=scheme)
    wall = style(page.locator("body"), "background-color")
    assert luminance(page.evaluate(FLATTEN, [wall])) == pytest.approx(1 if scheme == "light" else 0, abs=0.05)
    texts = page.locator("p, li, a, h1, h2, h3, h4, th, td, dt, dd, summary, code, time")
    assert texts.count() >= 10
    for text in texts.all():
        back = page.evaluate(FLATTEN, [wall, style(text, "background-color")])
        ink = page.evaluate(FLATTEN, [f"rgb({','.join(map(str, back))})", style(text, "color")])
        assert contrast(ink, back) >= 4.5, text.evaluate("element => element.outerHTML")


def test_the_badge_can_be_seen_on_any_picture(open_page: OpenPage) -> None:
    """Its sign reaches 3 : 1 on its disc, even where the picture beneath is white."""
    page = open_page("post")
    disc = style(page.locator("button.swap").first, "background-color", pseudo="::before")
    sign = style(page.locator("button.swap").first, "background-color", pseudo="::after")
    assert contrast(page.evaluate(FLATTEN, [sign]), page.evaluate(FLATTEN, ["#fff", disc])) >= 3


def test_the_badge_turns_from_play_to_stop(open_page: OpenPage) -> None:
    """The sign on the badge is another one while the animation plays."""
    page = open_page("post", reduced_motion="reduce")
    button = page.locator("#rocket-great-wave button.swap")
    play = style(button, "clip-path", pseudo="::after")
    button.click()
    page.locator("#rocket-great-wave button.swap[aria-pressed=true]").wait_for()
    assert style(button, "clip-path", pseudo="::after") not in (play, "none")


def test_the_focus_is_seen(open_page: OpenPage) -> None:
    """A result reached with the keyboard has a ring around it, as have links and recipes."""
    page = open_page("post")
    seen = set()
    for _ in range(9):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        assert style(focused, "outline-style") == "solid"
        assert float(style(focused, "outline-width").removesuffix("px")) >= 2
        seen.add(focused.evaluate("element => element.localName"))
    assert seen == {"a", "button", "summary"}


def test_reduced_motion_moves_nothing_but_what_is_asked_for(open_page: OpenPage, gallery: Served) -> None:
    """No transition, no turning ring; the animation still plays on request."""
    release = gallery.recorder.hold("img/rocket-great-wave-5fps.webp")
    page = open_page("post", reduced_motion="reduce")
    button = page.locator("#rocket-great-wave button.swap")
    button.click()
    page.wait_for_function(
        "button => getComputedStyle(button, '::before').borderTopColor === 'rgb(255, 255, 255)'",
        arg=button.element_handle(),
    )
    assert style(button, "rotate", pseudo="::before") == "none"
    assert style(button, "transition-duration", pseudo="::after") == "0s"
    release.set()
    page.locator("#rocket-great-wave button.swap[aria-pressed=true]").wait_for()


def test_print_leaves_the_badges_out(open_page: OpenPage) -> None:
    """On paper, dark on white, nothing can be clicked."""
    page = open_page("post", color_scheme="dark")
    page.emulate_media(media="print")
    assert style(page.locator("button.swap").first, "display", pseudo="::before") == "none"
    assert not page.locator("details").first.is_visible()
    assert style(page.locator("body"), "background-color") == "rgb(255, 255, 255)"
    assert style(page.locator("body"), "color") == "rgb(0, 0, 0)"


def test_a_foreign_page_keeps_its_own_look(open_page: OpenPage, gallery: Served) -> None:
    """Outside of what is ours, figures and a way through parts, the stylesheet changes no property of any element."""
    ours = "figure, figure *, nav, nav *"
    everything = f"""() => [...document.querySelectorAll("html, body, body *:not({ours})")].map(element =>
        Object.fromEntries([...getComputedStyle(element)].map(name => [name, getComputedStyle(element)[name]])))"""
    sizes = re.compile(r"(height|width|block-size|inline-size|origin)$")
    styles = []
    for dressed in (True, False):
        page = open_page("foreign", color_scheme="dark")
        page.evaluate("document.querySelectorAll('figure').forEach(figure => figure.style.display = 'none')")
        if not dressed:
            page.evaluate("document.querySelector('link[rel=stylesheet]').remove()")
        styles.append([{k: v for k, v in one.items() if not sizes.search(k)} for one in page.evaluate(everything)])
    assert len(styles[0]) > 8
    assert styles[0] == styles[1]


def test_a_figure_takes_its_colours_from_a_foreign_page(open_page: OpenPage) -> None:
    """A light theme that ignores the reader's dark scheme gets dark captions, not light ones."""
    page = open_page("foreign", color_scheme="dark")
    assert style(page.locator("figure .caption").first, "color") == style(page.locator("body"), "color")
    assert contrast(page.evaluate(FLATTEN, ["#fff", style(page.locator("summary"), "color")]), (255, 255, 255)) >= 4.5


def test_nothing_is_fetched_from_anywhere_else(open_page: OpenPage, gallery: Served) -> None:
    """The pages ask their own server only, and the stylesheet names no file at all."""
    page = open_page("post")
    hosts = page.evaluate("performance.getEntriesByType('resource').map(entry => new URL(entry.name).host)")
    assert set(hosts) == {gallery.address.removeprefix("http://")}
    css = (gallery.folder / "css" / "gallery.css").read_text(encoding="utf-8")
    assert re.findall(r"url\(|@import|@font-face", css) == []


# As templates/partials/waiting.html has it: a picture is still to be painted.
WAITING = r"""() => {
  const place = document.querySelector(".sheet a, figure.pair");
  const waiting = document.createElement("span");
  waiting.className = "waiting";
  waiting.append(document.createElement("picture"), Object.assign(document.createElement("span"), {
    className: "waiting-note",
  }));
  place?.append(waiting);
}"""

# Every selector that matches nothing, states and pseudo-elements aside.
UNUSED = r"""() => {
  const rules = list => [...list].flatMap(rule => [rule.selectorText ?? [], ...rules(rule.cssRules ?? [])]).flat();
  const selectors = rules(document.styleSheets[0].cssRules).flatMap(text => text.split(/,\s*(?![^(]*\))/));
  const unseen = /::(before|after|backdrop|-[a-z-]+)|:(hover|focus-visible|focus-within)/g;
  const bare = text => text.replace(unseen, "").replace(/:is\([\s,]*\)/g, "");
  return selectors.filter(selector => !document.querySelector(bare(selector)));
}"""


def test_every_rule_is_used(open_page: OpenPage) -> None:
    """Each selector of the stylesheet matches something on at least one page."""
    unused: set[str] | None = None
    for name in PAGES:
        page = open_page(name)
        page.evaluate("document.querySelector('.swap-message')?.append('…')")
        page.evaluate("document.querySelectorAll('button.swap')[1]?.setAttribute('aria-pressed', 'true')")
        page.evaluate("document.querySelectorAll('button.swap')[1]?.setAttribute('aria-busy', 'true')")
        page.evaluate("document.querySelector('button.swap')?.append(document.createElement('video'))")
        page.evaluate(WAITING)
        for tool in ("compare", "enlarge"):
            page.evaluate(f"document.querySelector('.tool.{tool}')?.click()")
        missed = set(page.evaluate(UNUSED))
        unused = missed if unused is None else unused & missed
    assert unused == set()
