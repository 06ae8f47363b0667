"""The markup of pairs, pictures and galleries: what themes, scripts and other people's pages rely on."""

from __future__ import annotations

from dataclasses import replace

import pytest

PAIR = '//figure[@class="pair"]'
HOSTILE = """"><script>alert('x')</script> & <!-- ' -->"""


def only(page, path):
    """The only element of that path."""
    [element] = page.xpath(path)
    return element


def test_pair(author, publish):
    """A pair is the contract's figure: both pictures, the link to the animation, true sizes, a caption and a recipe."""
    author.usual().post("/// pair | tardis-starry_night\n    caption: You *see* it.\n///\n")
    figure = only(publish(author.site()).page(), PAIR)
    assert figure.get("id") == "tardis-starry_night"
    source = only(figure, "./div[@class='pair-pictures']/picture/img[@class='source']")
    assert {name: source.get(name) for name in ("src", "width", "height", "alt", "loading", "decoding")} == {
        "src": "static/img/tardis.jpg",
        "width": "400",
        "height": "250",
        "alt": "tardis seen",
        "loading": "lazy",
        "decoding": "async",
    }
    swap = only(figure, "./div/a[@class='swap']")
    assert swap.get("href") == "static/img/tardis-starry_night-5fps.gif"
    result = only(swap, "./picture/img[@class='result']")
    assert {name: result.get(name) for name in ("src", "data-alt", "data-webp", "width", "height", "alt")} == {
        "src": "static/img/tardis-starry_night.png",
        "data-alt": "static/img/tardis-starry_night-5fps.gif",
        "data-webp": "static/img/tardis-starry_night-5fps.webp",
        "width": "400",
        "height": "250",
        "alt": "tardis seen in the style of starry_night seen",
    }
    assert only(figure, "./figcaption/p[@class='caption']").text_content() == "You see it."
    assert only(figure, "./figcaption/p/em").text_content() == "see"
    assert only(figure, "./figcaption/details[@class='recipe']/summary").text_content() == "How it was made"


def test_sources_come_in_the_order_to_offer(author, publish):
    """Formats keep their order, each with all widths; the fallback is among the widths of its own format."""
    author.usual().post("/// pair | tardis-starry_night\n///\n")
    sources = publish(author.site()).page().xpath("//a[@class='swap']/picture/source")
    stem = "static/img/tardis-starry_night"
    assert [(source.get("type"), source.get("srcset")) for source in sources] == [
        ("image/avif", f"{stem}-400.avif 400w, {stem}-800.avif 800w"),
        ("image/webp", f"{stem}-400.webp 400w, {stem}-800.webp 800w"),
        ("image/png", f"{stem}.png 400w, {stem}-800.png 800w"),
    ]
    assert {source.get("sizes") for source in sources} == {"(max-width: 400px) 100vw, 400px"}


@pytest.mark.parametrize("where", ["block", "manifest"])
def test_style_at_the_left(author, publish, where):
    """The left picture may be the style, in its own proportions; nothing else of the figure changes."""
    author.usual()
    if where == "manifest":
        author.pairs[2] = replace(author.pairs[2], show="style")
    option = "    show: style\n" if where == "block" else ""
    author.post(f"/// pair | me-the_scream\n{option}///\n")
    page = publish(author.site()).page()
    source = only(page, "//img[@class='source']")
    assert (source.get("src"), source.get("width"), source.get("height")) == ("static/img/the_scream.jpg", "288", "400")
    assert only(page, "//img[@class='result']").get("src") == "static/img/me-the_scream.png"


def test_the_heaviest_style_of_a_blend_is_shown(author, publish):
    """Of several styles the one with the greatest share stands at the left; the recipe names all, with shares."""
    author.usual()
    pair = author.pair(author.images["me"], author.images["starry_night"], author.images["the_scream"])
    shares = (replace(pair.styles[0], weight=1 / 3), replace(pair.styles[1], weight=2 / 3))
    author.pairs[-1] = replace(pair, styles=shares)
    author.post("/// pair | me-starry_night-the_scream\n    show: style\n///\n")
    page = publish(author.site()).page()
    assert only(page, "//img[@class='source']").get("src") == "static/img/the_scream.jpg"
    styles = [dd.text_content() for dd in page.xpath("//dt[text()='Style']/following-sibling::dd[1]")]
    assert styles == ["Starry Night, Vincent van Gogh, public domain (33 %)", "the_scream seen, Edvard Munch (67 %)"]


def test_recipe(author, publish):
    """The recipe tells what went in, with credits, and what the painter reported."""
    author.usual().post("/// pair | me-the_scream\n///\n")
    page = publish(author.site()).page()
    recipe = dict(zip(page.xpath("//dl/dt/text()"), [dd.text_content() for dd in page.xpath("//dl/dd")], strict=True))
    assert recipe == {
        "Content": "me seen",
        "Style": "the_scream seen, Edvard Munch",
        "Strength": "50 %",
        "Colours": "style",
        "Start": "content",
        "Size": "400 × 257 pixels",
        "Quality": "balanced",
        "Seed": "7",
        "Steps": "180",
        "Time": "1 min 12 s",
        "Device": "cpu",
        "Objective": "",
    }
    drawing = only(page, "//dl//svg")
    assert drawing.get("aria-label") == "The objective over 180 steps, scale by scale: from 3.5 to 0.5"
    assert len(drawing.xpath("./polyline/@points")) == 1
    assert only(page, "//pre[@class='lines']/code").text_content() == "- content: me\n"
    assert page.xpath("//dl//a/@href") == ["https://example.org/?a=1&b=2"]


def test_facts_may_be_missing(author, gallery_of):
    """A painter that reports nothing leaves out its lines of the recipe."""
    from neural_gallery.pages.pages import Pages

    author.usual().post("/// pair | me-the_scream\n///\n")
    gallery = gallery_of(author.site())
    bare = replace(gallery, pairs={name: replace(view, facts={}) for name, view in gallery.pairs.items()})
    [page] = [file.data.decode() for file in Pages(author.site()).render(bare) if file.path == "index.html"]
    assert "<dt>Seed</dt>" in page
    assert not any(f"<dt>{name}</dt>" in page for name in ("Steps", "Time", "Device", "Objective"))


def test_options_of_a_pair(author, publish):
    """Caption, alternative text and id of a block go before those of the manifest; an empty caption removes it."""
    author.usual()
    author.pairs[0] = replace(author.pairs[0], caption="From the manifest.")
    author.post(
        "/// pair | tardis-starry_night\n///\n\n"
        "/// pair | tardis-starry_night\n    caption: ''\n    alt: The *TARDIS*\n    id: second\n///\n"
    )
    page = publish(author.site()).page()
    assert page.xpath("//p[@class='caption']/text()") == ["From the manifest."]
    assert page.xpath(f"{PAIR}/@id") == ["tardis-starry_night", "second"]
    assert page.xpath("//img[@class='result']/@alt")[1] == "The *TARDIS*"


def test_ids_are_unique(author, publish):
    """A pair placed twice has two ids, and a heading never takes that of a pair."""
    author.usual()
    author.post("## me-the_scream\n\n" + "/// pair | me-the_scream\n///\n\n" * 2 + "/// gallery | all\n///\n")
    ids = publish(author.site()).page().xpath("//@id")
    assert ids[:3] == ["me-the_scream-section", "me-the_scream", "me-the_scream-2"]
    assert len(set(ids)) == len(ids) == 6


def test_picture(author, publish):
    """A picture by itself is as large as results made with it, but no larger than it is, and names its author."""
    author.usual().post("/// picture | starry_night\n///\n\n/// gallery | all\n///\n")
    figure = only(publish(author.site()).page(), "//figure[@class='picture']")
    image = only(figure, "./picture/img")
    assert (image.get("src"), image.get("width"), image.get("height")) == ("static/img/starry_night.jpg", "400", "311")
    assert figure.get("id") is None
    assert figure.xpath("string(figcaption)").strip() == "Starry Night, Vincent van Gogh, public domain"


@pytest.mark.parametrize(("natural", "shown"), [((200, 100), ("200", "100")), ((100, 4000), ("10", "400"))])
def test_small_and_narrow_pictures(author, publish, natural, shown):
    """A small picture is not blown up; a narrow one fits by its longest side."""
    author.usual().picture("odd", *natural)
    author.post("/// picture | odd\n///\n")
    image = only(publish(author.site()).page(), "//figure[@class='picture']//img")
    assert (image.get("width"), image.get("height")) == shown


def test_options_of_a_picture(author, publish):
    """Caption, alternative text, width and id of a picture; its height follows from the width."""
    author.usual().post(
        "/// picture | starry_night\n    caption: A `night`.\n    alt: Stars\n    width: 300\n    id: stars\n///\n"
    )
    figure = only(publish(author.site()).page(), "//figure[@class='picture']")
    image = only(figure, ".//img")
    assert (image.get("width"), image.get("height"), image.get("alt")) == ("300", "233", "Stars")
    assert figure.get("id") == "stars"
    assert only(figure, "./figcaption/p/code").text == "night"


@pytest.mark.parametrize(
    ("terms", "ids"),
    [
        ("", ["tardis-starry_night", "me-starry_night", "me-the_scream"]),
        ("all", ["tardis-starry_night", "me-starry_night", "me-the_scream"]),
        ("style=starry_night", ["tardis-starry_night", "me-starry_night"]),
        ("content=me", ["me-starry_night", "me-the_scream"]),
        ("content=me style=starry_night", ["me-starry_night"]),
        ("style=the_scream style=starry_night content=me", ["me-starry_night", "me-the_scream"]),
    ],
)
def test_gallery(author, publish, terms, ids):
    """A gallery holds the pairs that its terms choose, in the manifest's order."""
    author.usual().post(f"/// gallery | {terms}\n///\n")
    assert publish(author.site()).page().xpath(f"//div[@class='gallery']/{PAIR[2:]}/@id") == ids


def test_gallery_shows_styles(author, publish):
    """A gallery may show the style of each of its pairs."""
    author.usual().post("/// gallery | content=me\n    show: style\n///\n")
    sources = publish(author.site()).page().xpath("//img[@class='source']/@src")
    assert sources == ["static/img/starry_night.jpg", "static/img/the_scream.jpg"]


def test_figures_stand_where_their_blocks_do(author, publish):
    """Blocks in list items, quotations and HTML become figures there, and no paragraph is left around them."""
    author.usual().post(
        "- item\n\n    /// pair | me-the_scream\n    ///\n\n"
        "> /// picture | me\n> ///\n\n"
        '<section markdown="1">\n\n/// pair | me-starry_night\n///\n\n</section>\n'
    )
    page = publish(author.site()).page()
    assert page.xpath("//li/figure/@id") == ["me-the_scream"]
    assert page.xpath("//blockquote/figure/@class") == ["picture"]
    assert page.xpath("//section/figure/@id") == ["me-starry_night"]
    assert page.xpath("//p//figure | //p[not(node())]") == []


def test_markdown_leaves_figures_alone(author, publish):
    """What Markdown would take for emphasis, a footnote or a table in a figure stays as it is."""
    author.usual()
    author.pairs[2] = replace(author.pairs[2], alt="*a* | _b_ [^1] `c` {: #d } \\* <http://e>")
    author.post("/// pair | me-the_scream\n///\n\n[^1]: note\n")
    result = only(publish(author.site()).page(), "//img[@class='result']")
    assert result.get("alt") == "*a* | _b_ [^1] `c` {: #d } \\* <http://e>"


def test_hostile_strings_stay_strings(author, publish):
    """No text of an author becomes an element or an attribute, wherever it is shown."""
    author.usual()
    author.images["tardis"] = replace(
        author.images["tardis"], alt=HOSTILE, title=HOSTILE, credit=HOSTILE, license=HOSTILE, source=HOSTILE
    )
    author.pairs[0] = replace(author.pairs[0], content=author.images["tardis"], alt=HOSTILE, caption=HOSTILE)
    author.post("/// pair | tardis-starry_night\n///\n\n/// picture | tardis\n///\n", title=HOSTILE)
    page = publish(author.site(title=HOSTILE, description=HOSTILE, author=HOSTILE)).page()
    assert [dict(script.attrib) for script in page.xpath("//script")] == [
        {"defer": "defer", "src": "static/js/gallery.js"},
        {"type": "application/ld+json"},
    ]
    assert page.xpath("//comment()") == []
    assert page.xpath("//img/@alt")[:2] == [HOSTILE, HOSTILE]
    assert page.xpath("string(//h1)") == HOSTILE
    assert page.xpath("string(//p[@class='caption'])") == HOSTILE
