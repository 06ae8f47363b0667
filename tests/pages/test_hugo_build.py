"""Real Hugo, every warning a failure, builds a site to which pages have been added."""

from __future__ import annotations

import json

import pytest

from ..support.hugo import FILES
from ..support.links import parsed

pytestmark = pytest.mark.hugo

HOSTILE = (
    "{{< nonsense >}} {{% nonsense %}} {{< open {{</* a */>}} {{ .Site }} "
    """"quotes" 'too' <b>&amp; </script> <!--more-->"""
)


def read(path):
    """A built page, parsed."""
    return parsed(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("base_url", ["", "https://example.org/a/b/c"])
def test_site_builds(author, hugo, base_url):
    """Hugo builds pages, its own lists show them, and every link leads to a file, under a base URL of any depth."""
    author.usual()
    author.post("Some *prose*.\n\n/// pair | tardis-starry_night\n///\n", name="night")
    author.post("More.\n\n/// gallery | content=me\n///\n\n/// picture | the_scream\n///\n", name="me", date=None)
    hugo.write(author.site("hugo", base_url=base_url))
    built = hugo.build(f"{base_url or 'https://example.org'}/")
    path = base_url.removeprefix("https://example.org")
    index = read(built / "index.html")
    assert index.xpath("//h2/a/@href") == [f"{path}/posts/night/", f"{path}/posts/me/"]
    assert index.xpath("//article/p/text()") == ["Some prose.", "More."]
    page = read(built / "posts/night/index.html")
    assert page.xpath("//link[@rel='stylesheet']/@href") == [f"{path}/css/gallery.css"]
    assert page.xpath("//script[@defer]/@src") == [f"{path}/js/gallery.js"]
    assert page.xpath("//figure[@class='pair']/@id") == ["tardis-starry_night"]
    assert page.xpath("string(//time)") == "2015-09-08 00:00:00 +0000 UTC"
    image = f"{base_url or 'https://example.org'}/img/tardis-starry_night.png"
    assert page.xpath("//meta[@property='og:image']/@content") == [image]


def test_page_of_all_pairs(author, hugo):
    """A site without posts has a page of all pairs."""
    author.usual()
    hugo.write(author.site("hugo"))
    assert len(read(hugo.build() / "gallery/index.html").xpath("//div[@class='gallery']/figure")) == 3


def test_hostile_text_arrives_as_written(author, hugo):
    """Shortcodes, quotes and tags of an author arrive as characters: in titles, prose, code, captions and credits."""
    picture = author.picture("tardis", title=HOSTILE, credit=HOSTILE, license=HOSTILE, source=HOSTILE, alt=HOSTILE)
    author.pair(picture, author.picture("starry_night"), alt=HOSTILE, caption=HOSTILE)
    body = (
        f"{{{{% a %}}}} *b* {{{{&lt; c\n\n    {HOSTILE}\n\n```\n{HOSTILE}\n```\n\n/// pair | tardis-starry_night\n///\n"
    )
    author.post(body, title=HOSTILE, front_matter={"title": HOSTILE, "description": HOSTILE, "tags": [HOSTILE]})
    hugo.write(author.site("hugo", title=HOSTILE, description=HOSTILE, author=HOSTILE))
    built = hugo.build()
    page = read(built / "posts/night/index.html")
    assert page.xpath("string(//h1)") == HOSTILE
    assert page.xpath("//meta[@name='description']/@content") == [HOSTILE]
    assert page.xpath("string(//body/p[1])") == "{{% a %}} b {{< c"
    assert read(built / "index.html").xpath("string(//article/p)") == "{{% a %}} b {{< c"
    assert [code.text_content().strip() for code in page.xpath("//body/pre/code")] == [HOSTILE] * 2
    assert page.xpath("//figure[@class='pair']//img/@alt") == [HOSTILE, HOSTILE]
    assert HOSTILE.replace("&amp;", "&") in page.xpath("string(//p[@class='caption'])")  # entities are Markdown
    assert HOSTILE in page.xpath("string(//ul[@class='credits']/li)")
    told = json.loads(page.xpath("string(//script[@type='application/ld+json'])"))
    assert told["@graph"][0]["caption"] == HOSTILE
    assert page.xpath("//body//b") == []


def test_scripts_of_the_author(author, hugo):
    """In a script or a style a brace of a string is written as an escape, which means the same."""
    script = "<script>f('{{< a >}}', {b: {c: 1}})</script>"
    author.usual().post(f"Text.\n\n{script}\n\n<style>p::before{{content:'{{{{% a %}}}}'}}</style>\n")
    hugo.write(author.site("hugo"))
    text = (hugo.build() / "posts/night/index.html").read_text()
    assert r"<script>f('\u007b{< a >}}', {b: {c: 1}})</script>" in text
    assert r"<style>p::before{content:'\7b {% a %}}'}</style>" in text


def test_nothing_of_the_site_is_touched(author, hugo):
    """Its templates and its configuration are as they were."""
    author.usual().post("Text.")
    hugo.write(author.site("hugo"))
    assert {name: (hugo.folder / name).read_text() for name in FILES} == FILES
