"""Real Jekyll, as strict as it can be set, builds what the Jekyll target writes."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace

import lxml.html
import pytest

pytestmark = pytest.mark.jekyll

HOSTILE = """{{ site.nothing }} {% nonsense %} {{{ {{% "quotes" 'too' <b>&amp; </script> a | b }} %} {{ '{' }}"""


def read(path):
    """A built page, parsed."""
    return lxml.html.document_fromstring(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("base_url", ["", "/repo"])
def test_whole_site_builds(author, jekyll, base_url):
    """A site of our own builds without a warning, and every link in it leads to a file, under any base URL."""
    author.usual()
    author.post("Some prose.\n\n/// pair | tardis-starry_night\n///\n", name="night")
    author.post("More.\n\n/// gallery | content=me\n///\n\n/// picture | the_scream\n///\n", name="me")
    jekyll.write(author.site("jekyll", description="What came out.", author="Somebody"))
    built = jekyll.build(base_url)
    assert (built / "2015/09/08/night/index.html").is_file()
    index = read(built / "index.html")
    assert index.xpath("//ul[@class='post-list']//h2/a/@href") == [
        f"{base_url}/2015/09/08/night/",
        f"{base_url}/2015/09/08/me/",
    ]
    page = read(built / "2015/09/08/me/index.html")
    assert page.xpath("//link[@rel='stylesheet']/@href") == [f"{base_url}/static/css/gallery.css"]
    assert page.xpath("//title/text()") == ["Night studies – Gallery"]
    assert page.xpath("//meta[@name='description']/@content") == ["More."]
    assert page.xpath("//figure[@class='pair']/@id") == ["me-starry_night", "me-the_scream"]


@pytest.mark.parametrize("base_url", ["", "/repo"])
def test_existing_site_gets_posts_only(author, jekyll, base_url, publish):
    """In somebody's site only posts and static files appear; a post brings its stylesheet and script itself."""
    (jekyll.folder / "_config.yml").write_text("title: Mine\n")
    (jekyll.folder / "_layouts").mkdir()
    (jekyll.folder / "_layouts/post.html").write_text(
        "<html><body><h1>{{ page.title }}</h1>{{ content }}</body></html>"
    )
    (jekyll.folder / "index.html").write_text("---\n---\n{% for post in site.posts %}{{ post.excerpt }}{% endfor %}")
    author.usual().post("Some prose.\n\n/// pair | tardis-starry_night\n///\n")
    site = author.site("jekyll")
    assert sorted(publish(site, existing_site=True).files) == [
        "_posts/2015-09-08-night.html",
        "static/css/gallery.css",
        "static/js/gallery.js",
    ]
    jekyll.write(site, existing_site=True)
    built = jekyll.build(base_url)
    page = read(built / "2015/09/08/night.html")
    assert page.xpath("//link/@href") == [f"{base_url}/static/css/gallery.css"]
    assert page.xpath("//script/@src") == [f"{base_url}/static/js/gallery.js"]
    assert "<p>Some prose." not in (built / "index.html").read_text()
    assert "Some prose." in (built / "index.html").read_text()


def test_hostile_text_arrives_as_written(author, jekyll):
    """Braces, quotes and tags of an author arrive as characters: in titles, prose, code, captions, alts and credits."""
    picture = author.picture("tardis", title=HOSTILE, credit=HOSTILE, license=HOSTILE, source=HOSTILE, alt=HOSTILE)
    author.pair(picture, author.picture("starry_night"), alt=HOSTILE, caption=HOSTILE)
    quoted = HOSTILE.replace("'", "''")
    body = (
        f"{{{{ a }}}} *b* {{% c %}}\n\n    {HOSTILE}\n\n```\n{HOSTILE}\n```\n\n"
        f"/// pair | tardis-starry_night\n    alt: '{quoted}'\n///\n\n/// picture | tardis\n///\n"
    )
    author.post(body, title=HOSTILE, front_matter={"title": HOSTILE, "description": HOSTILE, "tags": [HOSTILE]})
    jekyll.write(author.site("jekyll", title=HOSTILE, description=HOSTILE, author=HOSTILE))
    built = jekyll.build()
    [path] = [path for path in built.rglob("index.html") if path.parent.name == "night"]
    page = read(path)
    assert page.xpath("string(//h1)") == HOSTILE
    assert page.xpath("string(//title)") == HOSTILE
    assert page.xpath("//meta[@name='description']/@content") == [HOSTILE]
    assert page.xpath("string(//article/p[1])") == "{{ a }} b {% c %}"
    assert [code.text_content().strip() for code in page.xpath("//article/pre/code")] == [HOSTILE] * 2
    assert page.xpath("//figure[@class='pair']//img/@alt") == [HOSTILE, HOSTILE]
    assert HOSTILE.replace("&amp;", "&") in page.xpath("string(//p[@class='caption'])")  # entities are Markdown
    assert HOSTILE in page.xpath("string(//ul[@class='credits']/li)")
    told = json.loads(page.xpath("string(//script[@type='application/ld+json'])"))
    assert (told["headline"], told["description"], told["image"][0]["caption"]) == (HOSTILE, HOSTILE, HOSTILE)
    assert page.xpath("//meta[@property='og:title']/@content") == [HOSTILE]
    assert page.xpath("//b") == []


def test_scripts_and_styles_of_the_author(author, jekyll):
    """Entities mean nothing in a script or a style: braces arrive there as braces all the same."""
    script = "f({{a: 1}, `{%`}); if (1 < 2) g('{{')"
    style = "@media print{{p{color:red}}} p{%}"
    author.usual().post(f"Text.\n\n<script>{script}</script>\n\n<style>\n{style}\n</style>\n\n<!-- {{{{ c }}}} -->\n")
    jekyll.write(author.site("jekyll"))
    text = (jekyll.build() / "2015/09/08/night/index.html").read_text()
    assert f"<script>{script}</script>" in text
    assert f"<style>\n{style}\n</style>" in text


def test_liquid_on_purpose(author, jekyll):
    """With `liquid: true` an author's tags reach Jekyll, untouched by Markdown; the manifest's text does not."""
    author.usual()
    author.pairs[0] = replace(author.pairs[0], alt="{{ manifest }}")
    body = (
        "{% assign word = 'a_b_c' | upcase %}\n\n{% if 1 < 2 %}\n\n"
        "Said *{{ word }}*, [here]({{ '/' | relative_url }}).\n\n"
        "{% endif %}\n\n{% raw %}\n\n{{ kept }}\n\n{% endraw %}\n\n"
        "/// pair | tardis-starry_night\n    caption: {{ word }}, and *{{ page.slug }}*\n///\n"
    )
    author.post(body, liquid=True, front_matter={"title": "T", "liquid": True})
    jekyll.write(author.site("jekyll"))
    page = read(jekyll.build("/repo") / "2015/09/08/night/index.html")
    assert [p.text_content() for p in page.xpath("//article/p")] == ["Said A_B_C, here.", "{{ kept }}"]
    assert page.xpath("//article/p/a/@href") == ["/repo/"]
    assert page.xpath("string(//p[@class='caption'])") == "A_B_C, and night"
    assert page.xpath("//img[@class='result']/@alt") == ["{{ manifest }}"]


def test_unknown_front_matter_reaches_jekyll(author, jekyll):
    """Keys that only the author's Jekyll knows arrive with their values and types."""
    matter = {
        "title": "Neural: art # 1",
        "categories": ["articles", "machine-learning"],
        "comments": True,
        "modified": datetime.date(2015, 9, 9),
        "image": {"feature": "texture.jpg"},
        "note": "first\nsecond: line\n",
    }
    author.usual().post("Text.", front_matter=matter, title="Neural: art # 1")
    jekyll.write(author.site("jekyll"))
    shown = "{{ page.image.feature }} {{ page.comments }} {{ page.modified }} {{ page.note | strip_newlines }}"
    (jekyll.folder / "_layouts/post.html").write_text(f"<p>{shown} {{{{ page.categories | join: '+' }}}}</p>")
    page = read(jekyll.build() / "2015/09/08/night/index.html")
    assert page.xpath("string(//p)") == "texture.jpg true 2015-09-09 firstsecond: line articles+machine-learning"


@pytest.mark.parametrize("hours", [-8, 0, 9])
def test_date_of_the_author(author, jekyll, hours):
    """A post a few minutes after midnight, or before it, keeps its author's day, far from Greenwich too."""
    zone = datetime.timezone(datetime.timedelta(hours=hours))
    author.usual()
    author.post("Late.", name="late", date=datetime.datetime(2015, 9, 8, 23, 50, tzinfo=zone))
    author.post("Early.", name="early", date=datetime.datetime(2015, 9, 8, 0, 10, tzinfo=zone))
    jekyll.write(author.site("jekyll"))
    built = jekyll.build()
    for name in ("late", "early"):
        page = read(built / f"2015/09/08/{name}/index.html")
        assert page.xpath("string(//time)") == "8 September 2015"


def test_post_that_jekyll_leaves_out(author, jekyll):
    """A post that is not published, or not yet, is missing from the list of posts, and nothing fails."""
    author.usual()
    author.post("Now.", name="now")
    author.post("Never.", name="never", front_matter={"title": "N", "published": False})
    author.post("Later.", name="later", date=datetime.datetime(2999, 1, 1, tzinfo=datetime.UTC))
    jekyll.write(author.site("jekyll"))
    index = read(jekyll.build(expecting="has a future date") / "index.html")
    assert index.xpath("//ul[@class='post-list']//h2/a/@href") == ["/2015/09/08/now/"]


@pytest.mark.parametrize("existing_site", [False, True])
def test_site_without_posts(author, jekyll, existing_site):
    """A site without posts is one page with all pairs, which leaves the front page of an existing site alone."""
    if existing_site:
        (jekyll.folder / "_config.yml").write_text("title: Mine\n")
        (jekyll.folder / "_layouts").mkdir()
        (jekyll.folder / "_layouts/default.html").write_text("<html><body>{{ content }}</body></html>")
    jekyll.write(author.usual().site("jekyll"), existing_site=existing_site)
    built = jekyll.build("/repo")
    page = read(built / ("gallery.html" if existing_site else "index.html"))
    assert len(page.xpath("//div[@class='gallery']/figure")) == 3
    assert (built / "index.html").exists() is not existing_site


def test_page_of_the_users_own(author, jekyll):
    """The layouts serve pages and posts that the author adds by hand, with or without a title."""
    author.usual().post("Text.")
    jekyll.write(author.site("jekyll"))
    (jekyll.folder / "about.html").write_text("---\nlayout: default\n---\nAbout.")
    (jekyll.folder / "contact.md").write_text("---\nlayout: default\ntitle: Contact\n---\nHello.")
    built = jekyll.build()
    assert read(built / "about/index.html").xpath("//title/text()") == ["Gallery"]
    assert read(built / "contact/index.html").xpath("//title/text()") == ["Contact – Gallery"]


@pytest.mark.parametrize("host", ["", "https://example.org"])
def test_previews_of_our_own_layout(author, jekyll, host):
    """A link to a post shows its first result, where the host is known; a page's canonical address is Jekyll's."""
    author.usual().post("About.\n\n/// pair | me-the_scream\n///\n")
    jekyll.write(author.site("jekyll", base_url=f"{host}/art" if host else ""))
    page = read(next(jekyll.build("/art" if host else "").rglob("night/index.html")))
    found = {meta.get("property"): meta.get("content") for meta in page.xpath("//meta[@property]")}
    address = f"{host}/art/2015/09/08/night/"
    whole = {"og:url": address, "og:image": f"{host}/art/static/img/me-the_scream.png"} if host else {}
    assert found == whole | {
        "og:type": "article",
        "og:site_name": "Gallery",
        "og:title": "Night studies",
        "og:description": "About.",
    }
    assert page.xpath("//link[@rel='canonical']/@href") == ([address] if host else [])
