"""Links, file names, front matter and escaping of both targets, without Jekyll itself."""

from __future__ import annotations

import datetime
import html
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from neural_gallery.pages.jekyll import JekyllTarget
from neural_gallery.pages.targets import HtmlTarget, front_matter

LIQUID = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
BRACES = st.text(alphabet="{%}' ax<&", max_size=40)


@pytest.mark.parametrize(
    ("base_url", "page", "link"),
    [
        ("", "index.html", "static/a.png"),
        ("", "posts/2015/night.html", "../../static/a.png"),
        ("", "static/night.html", "a.png"),
        ("/repo", "posts/night.html", "/repo/static/a.png"),
        ("https://example.org/x", "index.html", "https://example.org/x/static/a.png"),
    ],
)
def test_html_links(base_url, page, link):
    """Links are relative to the page, or begin with the base URL."""
    assert HtmlTarget(base_url).url("static/a.png", page) == link


@pytest.mark.parametrize("target", [HtmlTarget(), HtmlTarget("/x"), JekyllTarget()])
def test_links_are_percent_encoded(target):
    """No character of a file name ends a link, an attribute, a candidate of a srcset or a Liquid string."""
    link = target.seal(target.url("""a/b c'"<>&?#%,{{ü.png""", "index.html"))
    assert "a/b%20c%27%22%3C%3E%26%3F%23%25%2C%7B%7B%C3%BC.png" in link


def test_jekyll_links():
    """Jekyll's own filter puts the base URL before a link."""
    target = JekyllTarget()
    assert target.seal(target.url("static/a.png", "any.html")) == "{{ '/static/a.png' | relative_url }}"


@given(BRACES)
def test_seal_leaves_no_liquid(text):
    """Whatever the text, nothing in it is a Liquid tag any more, and a browser shows the same characters."""
    sealed = JekyllTarget().seal(html.escape(text))
    assert "{{" not in sealed
    assert "{%" not in sealed
    assert html.unescape(sealed) == text


@given(BRACES)
def test_seal_of_a_script(text):
    """In a script the only Liquid is strings of one brace, and with them put in, the script is as written."""
    text = f"<script>{text.replace('<', '')}</script>"
    sealed = JekyllTarget().seal(text)
    assert set(LIQUID.findall(sealed)) <= {"{{ '{' }}"}
    assert sealed.replace("{{ '{' }}", "{") == text


def test_brace_before_a_link():
    """A brace that an author puts right before a link does not join it."""
    target = JekyllTarget()
    assert target.seal("{" + target.url("a.png", "")) == "&#123;{{ '/a.png' | relative_url }}"


@pytest.mark.parametrize(
    "text",
    [
        "{% if a < b %}",
        "{{ 'x' | y: \"z\" }}",
        "a {{- b -}} c",
        "{%- raw -%}{{ a }}{%- endraw -%}",
        "{% a\n  b\n%} {{ c }}",
    ],
)
def test_protected_liquid_comes_back_as_written(text):
    """Liquid on purpose is hidden line by line, and comes back unchanged."""
    target = JekyllTarget()
    hidden = target.protect(text)
    assert "{" not in hidden
    assert hidden.count("\n") == text.count("\n")
    assert target.seal(hidden) == text


def test_unclosed_liquid_is_text():
    """Braces that never close, or close in another paragraph, are no tag even with `liquid: true`."""
    target = JekyllTarget()
    assert target.seal(target.protect("{{ a\n\nb }} {% c")) == "&#123;{ a\n\nb }} &#123;% c"


def test_html_keeps_liquid_as_text(author, publish):
    """For the HTML target braces are ordinary characters."""
    author.usual().post("{{ a }} {% b %}", liquid=True)
    assert "<p>{{ a }} {% b %}</p>" in publish(author.site()).files["index.html"]


def test_post_of_jekyll(author, publish):
    """Front matter comes first: the author's keys in their order, then what Jekyll needs besides."""
    matter = {
        "title": "Neural Art",
        "date": datetime.date(2015, 9, 8),
        "comments": True,
        "liquid": False,
        "tags": ["a"],
    }
    zone = datetime.timezone(datetime.timedelta(hours=2))
    author.usual().post(
        "Über *alles*, {{ braces }} & <b>.\n\n/// pair | me-the_scream\n///\n",
        front_matter=matter,
        date=datetime.datetime(2015, 9, 8, 18, 30, tzinfo=zone),
    )
    published = publish(author.site("jekyll"), existing_site=True)
    text = published.files["_posts/2015-09-08-night.html"]
    assert text.split("---\n")[1] == (
        "title: Neural Art\n"
        "date: 2015-09-08 18:30:00+02:00\n"
        "comments: true\n"
        "tags:\n- a\n"
        "layout: post\n"
        "excerpt: Über alles, &#123;{ braces }} &amp; .\n"
    )
    assert text.startswith("---\ntitle: ")


def test_what_the_author_says_goes_first(author, publish):
    """Layout, excerpt and description of the author are kept as they are."""
    matter = {"layout": "wide", "title": "T", "excerpt": "Mine {{ x }}.", "description": "D", "slug": "night"}
    author.usual().post("Text.", front_matter=matter)
    front_matter = publish(author.site("jekyll")).front_matter("_posts/2015-09-08-night.html")
    assert {key: front_matter[key] for key in matter} == matter


def test_title_from_elsewhere_is_written(author, publish):
    """A title taken from the body or the file name stands in the front matter of the page."""
    author.usual().post("Text.", front_matter={}, title="Night")
    assert publish(author.site("jekyll")).front_matter("_posts/2015-09-08-night.html")["title"] == "Night"


def test_files_of_a_whole_jekyll_site(author, publish):
    """Our own Jekyll site has a configuration, two layouts and a front page."""
    author.usual().post("Text.")
    assert sorted(publish(author.site("jekyll", indexes=False)).files) == [
        "_config.yml",
        "_layouts/default.html",
        "_layouts/post.html",
        "_posts/2015-09-08-night.html",
        "index.html",
        "static/css/gallery.css",
        "static/icon.svg",
        "static/js/gallery.js",
    ]


@pytest.mark.parametrize(
    ("base_url", "url", "path"),
    [("", "", ""), ("/repo", "", "/repo"), ("https://example.org/a/b/", "https://example.org", "/a/b"), ("/", "", "")],
)
def test_configuration(author, publish, base_url, url, path):
    """Title, language and base URL are Jekyll's configuration; the base URL never ends with a slash."""
    author.usual().post("Text.")
    site = author.site("jekyll", base_url=base_url, title="A: b", language="de")
    configuration = yaml.safe_load(publish(site).files["_config.yml"])
    assert (configuration["title"], configuration["lang"]) == ("A: b", "de")
    assert (configuration["url"], configuration["baseurl"]) == (url, path)


@pytest.mark.parametrize(
    ("offsets", "zone"),
    [([], "UTC"), ([0], "UTC"), ([120, 120], "Etc/GMT-2"), ([-480], "Etc/GMT+8"), ([60, 120], "UTC"), ([330], "UTC")],
)
def test_time_zone(author, publish, offsets, zone):
    """Jekyll is told the offset that all posts share, if it is one that has a name."""
    author.usual()
    for number, minutes in enumerate(offsets):
        offset = datetime.timezone(datetime.timedelta(minutes=minutes))
        author.post("Text.", name=f"post{number}", date=datetime.datetime(2015, 9, 8, 12, tzinfo=offset))
    assert yaml.safe_load(publish(author.site("jekyll")).files["_config.yml"])["timezone"] == zone


@pytest.mark.parametrize(
    "text",
    ["1e3", "1,000", "y", "N", "Yes", "0o17", "1:30", "NULL", "nil", "2015-09-08", "~", "=", "<<", "a: b", "- a", "# a",
     "---", "'a'", '"a"', ":a", "!!python/object:a b", "&a", "*a", "a\n---\nb", "{{ a }}", "[a]", "{a: b}",
     "@a", "%a", "|", ">"],
)  # fmt: skip
def test_front_matter_is_text(text):
    """A text stays one for readers of every version of YAML, and none of its lines ends the front matter."""
    written = front_matter({"title": text})
    assert written.count("\n---\n") == 1
    assert yaml.safe_load(written.split("---\n", 1)[1].removesuffix("---\n")) == {"title": text}
    plain = written.split("title: ")[1][0] not in "'\""
    assert not plain or (text[0].isalpha() and len(text) > 3)


def test_post_without_date(author, problems_of):
    """Jekyll publishes no post without a date; the HTML target does."""
    author.usual().post("Text.", date=None)
    assert problems_of(author.site()) == []
    assert problems_of(author.site("jekyll")) == [
        "content/posts/night.md:1: the post has no date, and Jekyll publishes only posts that have one. "
        "Add one to its front matter, `date: 2026-01-31`, or begin the file's name with it."
    ]


def test_two_posts_with_one_page(author, problems_of):
    """Two posts cannot have one page; for Jekyll the date is part of the name."""
    author.usual().post("Text.", name="a", slug="same")
    author.post("Text.", name="b", slug="same")
    author.post("Text.", name="c", slug="same", date=datetime.datetime(2016, 1, 1, tzinfo=datetime.UTC))
    hint = "Give it another `slug` in its front matter."
    assert problems_of(author.site()) == [
        f"content/posts/{name}.md:1: its page would be 'same.html', which is that of content/posts/a.md. {hint}"
        for name in ("b", "c")
    ]
    path = "_posts/2015-09-08-same.html"
    assert problems_of(author.site("jekyll")) == [
        f"content/posts/b.md:1: its page would be '{path}', which is that of content/posts/a.md. {hint}"
    ]


def test_post_in_place_of_the_list(author, problems_of):
    """A post called index takes the place of the list of posts; alone, it may."""
    author.usual().post("Text.", name="index")
    assert problems_of(author.site()) == []
    author.post("Text.", name="other")
    assert problems_of(author.site()) == [
        "content/posts/index.md:1: its page would be 'index.html', which is that of the list of posts. "
        "Give it another `slug` in its front matter."
    ]
