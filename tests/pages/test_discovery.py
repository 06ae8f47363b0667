"""What pages tell previews, search engines and feed readers, read by parsers."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace

import lxml.etree
import lxml.html
import pytest

from neural_gallery.pages.discovery import license_of

BASE = "https://example.org/art"
ATOM = {"a": "http://www.w3.org/2005/Atom"}
SITE_MAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "i": "http://www.google.com/schemas/sitemap-image/1.1"}
HOSTILE = """</script><script>alert(1)</script> "&' {{ 1 }} {% x %} \u2028 ü"""


def properties(page: lxml.html.HtmlElement) -> dict[str, str]:
    """The page's `meta` elements."""
    named = page.xpath("//head/meta[@property or @name]")
    return {meta.get("property") or meta.get("name"): meta.get("content") for meta in named}


def told(page: lxml.html.HtmlElement) -> dict:
    """The page's JSON-LD."""
    [script] = page.xpath("//script[@type='application/ld+json']/text()")
    return json.loads(script)


def test_a_post_in_a_preview(author, publish):
    """A link to a post shows its title, its description and its first result, all by whole addresses."""
    author.usual().post("About.\n\n/// pair | me-the_scream\n///\n\n/// pair | me-starry_night\n///\n")
    page = publish(author.site(base_url=BASE, title="Art")).page()
    assert page.xpath("//head/link[@rel='canonical']/@href") == [f"{BASE}/"]
    found = properties(page)
    assert {key: value for key, value in found.items() if key.startswith(("og:", "twitter:", "article:"))} == {
        "og:url": f"{BASE}/",
        "og:type": "article",
        "og:site_name": "Art",
        "og:title": "Night studies",
        "og:description": "About.",
        "article:published_time": "2015-09-08T00:00:00+00:00",
        "og:image": f"{BASE}/static/img/me-the_scream.png",
        "og:image:type": "image/png",
        "og:image:width": "400",
        "og:image:height": "257",
        "og:image:alt": "me seen in the style of the_scream seen",
        "twitter:card": "summary_large_image",
    }


@pytest.mark.parametrize("base_url", ["", "/art"])
def test_without_a_host(author, publish, base_url):
    """What needs a whole address is left out where none is known."""
    author.usual().post("/// pair | me-the_scream\n///\n")
    published = publish(author.site(base_url=base_url))
    page = published.page()
    assert not {"feed.xml", "sitemap.xml"} & published.files.keys()
    assert page.xpath("//link[@rel='canonical' or @rel='alternate']") == []
    assert not {"og:image", "og:url"} & properties(page).keys()
    assert properties(page)["twitter:card"] == "summary"
    assert "url" not in told(page)
    assert [image["contentUrl"] for image in told(page)["image"]] == [
        f"{base_url}/static/img/me-the_scream.png".removeprefix("" if base_url else "/")
    ]


def test_structured_data(author, publish):
    """Pictures with creator, credit and licence; a result with what it was made of; each once."""
    author.usual()
    author.picture("moon", 600, 400, credit="NASA, Ada Lovelace", license="CC BY-SA 4.0", source="the archive")
    author.pairs[0] = replace(author.pairs[0], alt="a police box")
    blocks = "".join(f"/// {block}\n///\n\n" for block in ("picture | moon", *["pair | tardis-starry_night"] * 2))
    author.post(f"About.\n\n{blocks}")
    author.picture(
        "the_scream", 720, 1000, credit="Edvard Munch", license="a licence", source="https://example.org/?a=1"
    )
    page = publish(author.site(base_url=BASE, author="Grace Hopper")).page()
    person = {"@type": "Person", "name": "Grace Hopper"}
    assert told(page) == {
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "headline": "Night studies",
        "description": "About.",
        "url": f"{BASE}/",
        "datePublished": "2015-09-08T00:00:00+00:00",
        "inLanguage": "en",
        "author": person,
        "image": [
            {
                "@type": "ImageObject",
                "contentUrl": f"{BASE}/static/img/moon.jpg",
                "caption": "moon seen",
                "width": 400,
                "height": 267,
                "creator": [{"@type": "Organization", "name": "NASA"}, {"@type": "Person", "name": "Ada Lovelace"}],
                "creditText": "NASA, Ada Lovelace",
                "license": "https://creativecommons.org/licenses/by-sa/4.0/",
            },
            {
                "@type": "ImageObject",
                "contentUrl": f"{BASE}/static/img/tardis-starry_night.png",
                "caption": "a police box",
                "width": 400,
                "height": 250,
                "creator": person,
                "isBasedOn": [
                    {"@type": "VisualArtwork", "name": "tardis seen"},
                    {
                        "@type": "VisualArtwork",
                        "name": "Starry Night",
                        "creator": {"@type": "Person", "name": "Vincent van Gogh"},
                        "creditText": "Vincent van Gogh",
                        "license": "https://creativecommons.org/publicdomain/mark/1.0/",
                    },
                ],
            },
        ],
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("https://example.org/terms", "https://example.org/terms"),
        ("cc0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("Public domain", "https://creativecommons.org/publicdomain/mark/1.0/"),
        ("CC BY 3.0", "https://creativecommons.org/licenses/by/3.0/"),
        ("CC-BY-NC-ND-4.0", "https://creativecommons.org/licenses/by-nc-nd/4.0/"),
        ("ask me", {"@type": "CreativeWork", "name": "ask me"}),
    ],
)
def test_licences(text, expected):
    """Those that are known by their names have addresses."""
    assert license_of(text) == expected


def test_the_feed(author, publish):
    """Posts with a date, newest first, each whole, with whole addresses in it."""
    author.usual()
    for name, day in (("old", 1), ("new", 9), ("undated", 0)):
        date = datetime.datetime(2020, 1, day, tzinfo=datetime.UTC) if day else None
        author.post(f"About *{name}*.\n\n/// pair | me-the_scream\n///\n", name=name, date=date, title=name.title())
    published = publish(author.site(base_url=BASE, title="Art & more", description="All of it", language="de"))
    root = lxml.etree.fromstring(published.files["feed.xml"].encode())
    assert root.tag == "{http://www.w3.org/2005/Atom}feed"
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"

    def texts(path):
        return root.xpath(path, namespaces=ATOM)

    assert texts("a:id/text() | a:title/text() | a:subtitle/text()") == [f"{BASE}/", "Art & more", "All of it"]
    assert texts("a:updated/text()") == ["2020-01-09T00:00:00+00:00"]
    assert texts("a:link[@rel='self']/@href") == [f"{BASE}/feed.xml"]
    assert texts("a:author/a:name/text()") == ["Art & more"]
    assert texts("a:entry/a:title/text()") == ["New", "Old"]
    assert texts("a:entry/a:id/text()") == texts("a:entry/a:link/@href") == [f"{BASE}/new.html", f"{BASE}/old.html"]
    assert texts("a:entry/a:summary/text()") == ["About new.", "About old."]
    body = lxml.html.fromstring(texts("a:entry/a:content[@type='html']/text()")[0])
    assert body.xpath("//em/text()") == ["new"]
    assert body.xpath("//img/@src") == [f"{BASE}/static/img/me.jpg", f"{BASE}/static/img/me-the_scream.png"]
    for path in ("index.html", "new.html", "undated.html"):
        assert published.page(path).xpath("//link[@rel='alternate']/@href") == [f"{BASE}/feed.xml"]


def test_no_feed_without_dates(author, publish):
    """An entry of a feed must have a date."""
    author.usual().post("Text.", date=None)
    published = publish(author.site(base_url=BASE))
    assert "feed.xml" not in published.files
    assert "sitemap.xml" in published.files
    assert published.page().xpath("//link[@rel='alternate']") == []


def test_the_site_map(author, publish):
    """Every page and its results; the list of posts too."""
    author.usual()
    author.post("/// pair | me-the_scream\n///\n\n/// pair | me-the_scream\n///\n", name="one")
    author.post("/// pair | tardis-starry_night\n///\n", name="b c", date=None)
    root = lxml.etree.fromstring(publish(author.site(base_url=BASE)).files["sitemap.xml"].encode())
    found = {
        url.xpath("string(s:loc)", namespaces=SITE_MAP): (
            url.xpath("string(s:lastmod)", namespaces=SITE_MAP),
            url.xpath("i:image/i:loc/text()", namespaces=SITE_MAP),
        )
        for url in root
    }
    assert found == {
        f"{BASE}/": ("", []),
        f"{BASE}/one.html": ("2015-09-08T00:00:00+00:00", [f"{BASE}/static/img/me-the_scream.png"]),
        f"{BASE}/b%20c.html": ("", [f"{BASE}/static/img/tardis-starry_night.png"]),
        f"{BASE}/pictures.html": ("", []),
        f"{BASE}/by-style/starry_night.html": ("", [f"{BASE}/static/img/tardis-starry_night.png"]),
        f"{BASE}/by-style/the_scream.html": ("", [f"{BASE}/static/img/me-the_scream.png"]),
        f"{BASE}/by-content/tardis.html": ("", [f"{BASE}/static/img/tardis-starry_night.png"]),
        f"{BASE}/by-content/me.html": ("", [f"{BASE}/static/img/me-the_scream.png"]),
    }


@pytest.mark.parametrize("target", ["html", "jekyll"])
def test_hostile_texts(author, publish, target):
    """Nothing that an author writes ends the script that holds it, or an element of the feed."""
    author.usual()
    author.pairs[0] = replace(author.pairs[0], alt=HOSTILE)
    author.post("/// pair | tardis-starry_night\n///\n", title=HOSTILE, front_matter={"title": HOSTILE})
    published = publish(author.site(target, base_url=BASE, title=HOSTILE, description=HOSTILE, author=HOSTILE))
    path = "index.html" if target == "html" else "_posts/2015-09-08-night.html"
    html = published.files[path] if target == "html" else published.body(path)
    page = lxml.html.fromstring(html.replace("{{ '{' }}", "{"))
    assert page.xpath("//script[not(@src) and not(@type)]") == []
    assert told(page)["headline"] == HOSTILE
    assert told(page)["image"][0]["caption"] == HOSTILE
    if target == "html":
        assert properties(page)["og:title"] == HOSTILE
        root = lxml.etree.fromstring(published.files["feed.xml"].encode())
        assert root.xpath("string(a:title)", namespaces=ATOM) == HOSTILE


def test_characters_that_xml_has_not(author, publish):
    """They are left out of the feed, which no reader could open otherwise."""
    author.usual().post("Text.", title="a\x0bb\ufffec")
    root = lxml.etree.fromstring(publish(author.site(base_url=BASE)).files["feed.xml"].encode())
    assert root.xpath("string(a:entry/a:title)", namespaces=ATOM) == "abc"


def test_existing_jekyll_sites_tell_about_themselves(author, publish):
    """There only the pictures are told: the page belongs to the site's own plugins."""
    author.usual().post("/// pair | me-the_scream\n///\n")
    published = publish(author.site("jekyll"), existing_site=True)
    body = lxml.html.fromstring(published.body("_posts/2015-09-08-night.html"))
    assert told(body).keys() == {"@context", "@graph"}
    assert "image" not in published.front_matter("_posts/2015-09-08-night.html")
