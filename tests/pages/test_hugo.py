"""What is written for Hugo: front matter, links, and braces that must not be shortcodes; without Hugo itself."""

from __future__ import annotations

import datetime
import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_gallery.pages.hugo import HugoTarget

BRACES = st.text(alphabet="{%}<>' ax&/*", max_size=40)


@pytest.mark.parametrize(
    ("base_url", "link"),
    [
        ("", "/img/a%20b.png"),
        ("/repo", "/repo/img/a%20b.png"),
        ("https://example.org", "/img/a%20b.png"),
        ("https://example.org/a/b/c", "/a/b/c/img/a%20b.png"),
    ],
)
def test_links(base_url, link):
    """Hugo publishes static files without their folder; a link has the base URL's path, however deep."""
    assert HugoTarget(base_url).url("static/img/a b.png", "content/posts/night.html") == link


@given(BRACES)
def test_seal_leaves_no_shortcode(text):
    """Whatever the text, nothing in it begins a shortcode any more, and a browser shows the same characters."""
    for written in (html.escape(text), text):
        sealed = HugoTarget().seal(written)
        assert "{{<" not in sealed
        assert "{{%" not in sealed
        assert html.unescape(sealed) == html.unescape(written)


@given(BRACES)
def test_seal_of_json(text):
    """A string in a script means what it meant."""
    sealed = HugoTarget().seal(f"<script>{json.dumps(text.replace('<', ''))}</script>")
    assert "{{%" not in sealed
    assert json.loads(sealed.removeprefix("<script>").removesuffix("</script>")) == text.replace("<", "")


def test_files_of_a_site(author, publish):
    """Content and static files, and no template, configuration or list."""
    author.usual().post("Text.")
    author.post("More.", name="me")
    assert sorted(publish(author.site("hugo"), existing_site=True).files) == [
        "content/posts/me.html",
        "content/posts/night.html",
        "static/css/gallery.css",
        "static/js/gallery.js",
    ]


def test_front_matter(author, publish):
    """The author's keys in their order, then what Hugo is told besides; a date with its offset."""
    matter = {"title": "Neural Art", "tags": ["a"], "weight": 3, "liquid": False, "date": datetime.date(2015, 9, 8)}
    zone = datetime.timezone(datetime.timedelta(hours=2))
    author.usual().post(
        "Über *alles*, {{% braces %}} & <b>.\n\n/// pair | me-the_scream\n///\n",
        front_matter=matter,
        date=datetime.datetime(2015, 9, 8, 18, 30, tzinfo=zone),
    )
    text = publish(author.site("hugo")).files["content/posts/night.html"]
    assert text.startswith("---\ntitle: ")
    assert text.split("---\n")[1] == (
        "title: Neural Art\n"
        "tags:\n- a\n"
        "weight: 3\n"
        "date: '2015-09-08T18:30:00+02:00'\n"
        "slug: night\n"
        "description: Über alles, {{% braces %}} & .\n"
        "summary: Über alles, {{% braces %}} &amp; .\n"
        "images:\n- img/me-the_scream.png\n"
    )


def test_what_the_author_says_goes_first(author, publish):
    """Summary, description, slug and images of the author are kept as they are."""
    matter = {"title": "T", "summary": "Mine.", "description": "D", "slug": "night", "images": ["a.png"], "draft": True}
    author.usual().post("Text.", front_matter=matter, date=None)
    assert publish(author.site("hugo")).front_matter("content/posts/night.html") == matter


def test_page_of_all_pairs(author, publish):
    """Without posts there is one page, and it is not the site's own front page."""
    author.usual()
    published = publish(author.site("hugo", title="Mine"))
    assert published.front_matter("content/gallery.html") == {"title": "Mine", "description": ""}
    assert len(published.page("content/gallery.html").xpath("//figure")) == 3


def test_what_hugo_cannot_publish(author, problems_of):
    """Pictures outside of `static`, a post that would be a folder's page, and two posts with one file."""
    author.usual().post("Text.", name="index")
    author.post("Text.")
    author.post("Text.", name="other", slug="night")
    assert problems_of(author.site("hugo", images_path="staticky/img")) == [
        "content/posts/index.md:1: its page would be 'content/posts/index.html', which Hugo takes for that of the "
        "whole folder. Give it another `slug` in its front matter.",
        "content/posts/other.md:1: its page would be 'content/posts/night.html', which is that of "
        "content/posts/night.md. Give it another `slug` in its front matter.",
        "site.yaml: Hugo publishes no pictures of 'staticky/img': only what is below 'static'. "
        "Set images_path to static/img, or to another folder in static.",
    ]
