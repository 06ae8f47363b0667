"""Whole sites: which files there are, what they show, and what needs to be published for them."""

from __future__ import annotations

import datetime
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from neural_gallery.errors import InputError
from neural_gallery.pages.pages import Pages, Used
from neural_gallery.site.model import WeightedStyle

STATIC = ["static/css/gallery.css", "static/icon.svg", "static/js/gallery.js"]
VOID = {"meta", "link", "img", "source", "hr", "br"}


class Nesting(HTMLParser):
    """Fails where an element is closed that is not open, or left open."""

    def __init__(self, html):
        super().__init__()
        self.open = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        """An element begins; no attribute may be given twice."""
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """The innermost element ends."""
        assert self.open.pop() == tag


def test_one_post_is_the_front_page(author, publish):
    """A site with one post opens with it."""
    author.usual().post("Text.\n\n/// pair | me-the_scream\n///\n")
    published = publish(author.site())
    assert sorted(published.files) == ["index.html", *STATIC]
    assert published.page().xpath("//article[@class='post']/header/h1/text()") == ["Night studies"]


def test_several_posts_are_listed(author, publish):
    """Several posts have a file each and a list, newest first, with the first result of each as its cover."""
    author.usual()
    for name, day, pair in (("old", 1, "me-the_scream"), ("new", 9, "me-starry_night"), ("undated", 0, "")):
        date = datetime.datetime(2020, 1, day, tzinfo=datetime.UTC) if day else None
        block = f"/// pair | {pair}\n///\n" if pair else ""
        author.post(f"About {name}.\n\n{block}", name=name, date=date, title=name.title())
    published = publish(author.site(indexes=False))
    assert sorted(published.files) == ["index.html", "new.html", "old.html", *STATIC, "undated.html"]
    entries = published.page().xpath("//ul[@class='post-list']/li")
    assert [entry.xpath("string(h2/a)") for entry in entries] == ["New", "Old", "Undated"]
    assert [entry.xpath("string(h2/a/@href)") for entry in entries] == ["new.html", "old.html", "undated.html"]
    assert [entry.xpath("string(p/time)") for entry in entries] == ["9 January 2020", "1 January 2020", ""]
    covers = [entry.xpath("string(.//img/@src)") for entry in entries]
    assert [cover.removeprefix("static/img/") for cover in covers] == [
        "me-starry_night.png",
        "me-the_scream.png",
        "tardis-starry_night.png",
    ]


def test_site_without_posts(author, publish):
    """Without posts there is one page with all pairs."""
    published = publish(author.usual().site(indexes=False))
    assert sorted(published.files) == ["index.html", *STATIC]
    assert len(published.page().xpath("//main//div[@class='gallery']/figure")) == 3
    assert published.page().xpath("//title/text()") == ["Gallery"]


def test_post_without_pairs_shows_all(author, publish):
    """A post that places no pair ends with all of them."""
    author.usual().post("Text.\n\n/// picture | me\n///\n")
    article = publish(author.site()).page().xpath("//article")[0]
    assert [child.tag for child in article] == ["header", "p", "figure", "div"]
    assert len(article.xpath("./div[@class='gallery']/figure")) == 3


def test_used(author):
    """Used are the pairs on any page, the pictures at their left, and the pictures placed by themselves."""
    author.usual()
    author.post("/// pair | me-the_scream\n    show: style\n///\n", name="a")
    author.post("/// picture | tardis\n///\n\n/// gallery | style=the_scream\n///\n", name="b")
    assert Pages(author.site()).used() == Used(pictures=("tardis", "me", "the_scream"), pairs=("me-the_scream",))


def test_masks_and_starts_are_not_published(author):
    """What only says where a style counts, or what painting starts from, stays at home, unless a post places it."""
    content, style, part, start = (author.picture(name) for name in ("me", "waves", "part", "start"))
    mask = author.picture("mask")
    styles = (WeightedStyle(style, 1.0, mask=mask, style_mask=part),)
    author.pair(content, style, styles=styles, init_picture=start)
    assert Pages(author.site()).used().pictures == ("me",)
    author.post("/// picture | mask\n///\n\n/// gallery | all\n///\n")
    assert Pages(author.site()).used().pictures == ("me", "mask")


def test_the_start_is_credited(author, publish):
    """What painting started from is in the result; a mask is not."""
    content, style = author.picture("me"), author.picture("waves")
    start, mask = author.picture("sketch", credit="Ann"), author.picture("mask", credit="Bob")
    author.pair(content, style, styles=(WeightedStyle(style, 1.0, mask=mask),), init_picture=start)
    credits = publish(author.site()).page().xpath("//footer/ul[@class='credits']/li")
    assert [credit.text_content().split()[0] for credit in credits] == ["sketch"]


def test_used_without_posts(author):
    """Without posts all pairs are used, with their left pictures only."""
    every = ("tardis-starry_night", "me-starry_night", "me-the_scream")
    assert Pages(author.usual().site()).used() == Used(pictures=("tardis", "me"), pairs=every)


def test_only_what_is_used_is_needed(author, gallery_of):
    """Pages render from a gallery that holds nothing but what `used` names."""
    author.usual().post("/// pair | me-the_scream\n///\n")
    pages, gallery = Pages(author.site()), gallery_of(author.site())
    used = pages.used()
    least = replace(
        gallery,
        pictures={name: gallery.pictures[name] for name in used.pictures},
        pairs={name: gallery.pairs[name] for name in used.pairs},
    )
    assert pages.render(least) == pages.render(gallery)


def test_render_refuses_what_check_finds(author, gallery_of):
    """Rendering a site with problems raises them all."""
    author.usual().post("/// pair | nope\n///\n")
    pages = Pages(author.site())
    with pytest.raises(InputError) as caught:
        pages.render(gallery_of(author.site()))
    assert caught.value.problems == tuple(pages.check())


def test_empty_site(author, publish):
    """A manifest without pairs, pictures and posts still has a front page."""
    assert publish(author.site()).page().xpath("//h1/text()") == ["Gallery"]


def test_page_is_a_document(author, publish):
    """Language, encoding, viewport, colour scheme, description, author and landmarks are there; elements nest."""
    author.usual().post("Some *prose*.\n\n/// gallery | all\n///\n")
    published = publish(author.site(language="de", author="Somebody"))
    html, page = published.files["index.html"], published.page()
    Nesting(html)
    assert html.startswith("<!doctype html>\n")
    assert page.get("lang") == "de"
    metas = {meta.get("name"): meta.get("content") for meta in page.xpath("//meta[@name]")}
    assert metas == {
        "viewport": "width=device-width, initial-scale=1",
        "color-scheme": "light dark",
        "description": "Some prose.",
        "author": "Somebody",
        "twitter:card": "summary",
    }
    assert page.xpath("//meta/@charset") == ["utf-8"]
    assert [child.tag for child in page.xpath("//body[@class='page']/*")] == ["header", "main", "footer"]
    assert page.xpath("string(//time)") == "2015-09-08"  # in words only where the page is in English
    assert page.xpath("//time/@datetime") == ["2015-09-08T00:00:00+00:00"]
    assert page.xpath("//@onclick | //@style | //style") == []


@pytest.mark.parametrize(
    ("matter", "description", "expected"),
    [({"description": "Mine."}, "Site.", "Mine."), ({}, "Site.", "Text."), ({"description": 5}, "Site.", "Text.")],
)
def test_description(author, publish, matter, description, expected):
    """The author's description goes before the first paragraph."""
    author.usual().post("Text.", front_matter={"title": "T", **matter})
    page = publish(author.site(description=description)).page()
    assert page.xpath("//meta[@name='description']/@content") == [expected]


def test_description_of_the_site_where_a_post_has_none(author, publish):
    """A post without prose is described as its site is."""
    author.usual().post("/// gallery | all\n///\n")
    page = publish(author.site(description="Site.")).page()
    assert page.xpath("//meta[@name='description']/@content") == ["Site."]


def test_credits(author, publish):
    """The footer credits each picture that is shown or went into a result, once; those without credit are left out."""
    author.usual().post("/// gallery | content=me\n///\n\n/// picture | starry_night\n///\n")
    credits = publish(author.site()).page().xpath("//footer/ul[@class='credits']/li")
    assert [credit.text_content() for credit in credits] == [
        "Starry Night, Vincent van Gogh, public domain",
        "the_scream seen, Edvard Munch",
    ]
    assert credits[1].xpath("a/@href") == ["https://example.org/?a=1&b=2"]


def test_rendering_twice_gives_the_same_bytes(author, gallery_of):
    """Rendering depends on nothing but the site and the gallery, for both targets."""
    author.usual().post("{{ x }}\n\n/// gallery | all\n///\n", liquid=True)
    for target in ("html", "jekyll"):
        site = author.site(target)
        pages = Pages(site)
        assert pages.render(gallery_of(site)) == pages.render(gallery_of(site)) == Pages(site).render(gallery_of(site))


def test_rendering_needs_neither_jax_nor_pillow(tmp_path):
    """Rendering posts imports nothing heavy, and importing the room imports no template engine or Markdown yet."""
    script = """
        import sys
        import neural_gallery.pages.pages
        assert not {"jinja2", "markdown", "pymdownx", "yaml"} & set(sys.modules)
        from neural_gallery.pages.theme import Theme
        from neural_gallery.pages.prose import caption_html
        from pathlib import Path
        import neural_gallery.pages.blocks, neural_gallery.pages.jekyll
        Theme(None, root=Path()).render("partials/gallery.html", figures=[caption_html("a")])
        assert "jinja2" in sys.modules and "markdown" in sys.modules
        assert not {"jax", "flax", "numpy", "PIL", "pydantic"} & set(sys.modules)
    """
    lines = "\n".join(line.strip() for line in script.splitlines())
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
