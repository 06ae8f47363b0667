"""Long listings in parts: where they are divided, how a reader gets from one to another, for each target."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace

import lxml.etree
import pytest

from neural_gallery.pages.theme import Theme

from ..support.links import broken_links, parsed

STATIC = ["static/css/gallery.css", "static/icon.svg", "static/js/gallery.js"]
BASE = "https://example.org/art"


@pytest.fixture
def many(author):
    """A function that declares so many contents in each of two styles: twice as many pairs, style by style."""

    def declare(contents):
        styles = [author.picture(name, title=name.title(), credit=f"Who made {name}") for name in ("ink", "oil")]
        pictures = [author.picture(f"c{number}") for number in range(contents)]
        for style in styles:
            for picture in pictures:
                author.pair(picture, style)
        return author

    return declare


def pages(published):
    """The paths of the pages, without those by style and by content."""
    return sorted(path for path in published.files if path.endswith(".html") and "by-" not in path)


def shown(published, path):
    """The ids of the pairs on a page."""
    return published.page(path).xpath("//figure[@class='pair']/@id")


def steps(page):
    """The links to other parts: what each says, and where it leads."""
    found = page.xpath("//nav[@class='gallery-parts' and @aria-label='Pages']/ul/li")
    return [(item.text_content().strip(), item.xpath("string(a/@href)")) for item in found]


def test_a_full_page_is_one_page(many, publish):
    """As many pairs as fit are one page, the same that there is without a limit; one more makes two."""
    author = many(3)
    full = publish(author.site(pairs_per_page=6))
    assert full.files == publish(author.site(pairs_per_page=0)).files == publish(author.site()).files
    assert pages(full) == ["index.html", "pictures.html"]
    assert "gallery-parts" not in "".join(text for path, text in full.files.items() if path.endswith(".html"))
    assert pages(publish(author.site(pairs_per_page=5))) == ["index.html", "page-2/index.html", "pictures.html"]


def test_no_pairs(author, publish):
    """There is a front page all the same."""
    assert pages(publish(author.site(pairs_per_page=1))) == ["index.html"]


def test_the_front_page(many, publish):
    """Each pair stands on one part, in order; a part names itself, and links its neighbours in head and body."""
    published = publish(many(5).site(title="Art", pairs_per_page=4))
    paths = ["index.html", "page-2/index.html", "page-3/index.html"]
    assert [path for path in pages(published) if path.endswith("index.html")] == paths
    ids = [shown(published, path) for path in paths]
    assert ids[0] == ["c0-ink", "c1-ink", "c2-ink", "c3-ink"]
    assert [len(part) for part in ids] == [4, 4, 2]
    assert len({pair for part in ids for pair in part}) == 10
    first, middle, last = every = [published.page(path) for path in paths]
    assert [page.xpath("string(//title)") for page in every] == [
        "Art",
        "Page 2 of 3 – Art",
        "Page 3 of 3 – Art",
    ]
    assert middle.xpath("//h1/text()") == ["Page 2 of 3"]
    assert middle.xpath("//p[@class='site-title']/a/@href") == ["../index.html"]
    links = [{link.get("rel"): link.get("href") for link in page.xpath("//head/link")} for page in every]
    assert [(found.get("prev"), found.get("next")) for found in links] == [
        (None, "page-2/index.html"),
        ("../index.html", "../page-3/index.html"),
        ("../page-2/index.html", None),
    ]
    assert steps(first) == [
        ("1", "index.html"),
        ("2", "page-2/index.html"),
        ("3", "page-3/index.html"),
        ("Next", "page-2/index.html"),
    ]
    assert [text for text, _ in steps(middle)] == ["Previous", "1", "2", "3", "Next"]
    assert [text for text, _ in steps(last)] == ["Previous", "1", "2", "3"]
    assert middle.xpath("//nav//a[@aria-current='page']/@aria-label") == ["Page 2"]
    assert middle.xpath("//nav//a[@rel]/@rel") == ["prev", "next"]


def test_a_part_credits_its_own_pictures(many, publish):
    """And tells machines of its own results."""
    published = publish(many(2).site(pairs_per_page=2, title="Art"))
    for path, style, name in (("index.html", "ink", "Art"), ("page-2/index.html", "oil", "Art, page 2 of 2")):
        page = published.page(path)
        assert page.xpath("//ul[@class='credits']/li/text()") == [f"{style.title()}, Who made {style}"]
        told = json.loads(page.xpath("string(//script[@type='application/ld+json'])"))
        assert told["name"] == name
        assert [image["contentUrl"].rpartition("/")[2] for image in told["image"]] == [
            f"c0-{style}.png",
            f"c1-{style}.png",
        ]


def test_addresses(many, publish):
    """A part's canonical address is its own; the site map has every part, and each picture of a front page once."""
    published = publish(many(3).site(pairs_per_page=4, base_url=BASE, indexes=False))
    addresses = [f"{BASE}/", f"{BASE}/page-2/index.html"]
    for path, address in zip(("index.html", "page-2/index.html"), addresses, strict=True):
        page = published.page(path)
        assert page.xpath("//link[@rel='canonical']/@href") == [address]
        assert page.xpath("//meta[@property='og:url']/@content") == [address]
    assert published.page().xpath("//link[@rel='next']/@href") == [addresses[1]]
    urls = lxml.etree.fromstring(published.files["sitemap.xml"].encode())
    assert [url[0].text for url in urls] == addresses
    images = urls.xpath("//*[local-name()='loc' and contains(., '.png')]/text()")
    assert len(images) == len(set(images)) == 6


def test_the_sheet(many, publish):
    """Five times as many results, a style that does not fit goes on, and each leads to the part that shows it."""
    published = publish(many(9).site(pairs_per_page=2))
    assert [path for path in pages(published) if "pictures" in path] == ["page-2/pictures.html", "pictures.html"]
    first, second = published.page("pictures.html"), published.page("page-2/pictures.html")
    groups = [
        {part.xpath("string(h2)"): len(part.xpath("ul/li")) for part in page.xpath("//section")}
        for page in (first, second)
    ]
    assert groups == [{"Ink": 9, "Oil": 1}, {"Oil": 8}]
    assert second.xpath("string(//h1)") == "All pictures, page 2 of 2"
    assert second.xpath("//section/h2/a/@href") == ["../by-style/oil.html"]
    assert [text for text, _ in steps(second)] == ["Previous", "1", "2"]
    links = sheet_links(published, "pictures.html") + sheet_links(published, "page-2/pictures.html")
    assert len(links) == 18
    for link in links:
        path, _, anchor = link.removeprefix("../").partition("#")
        assert anchor in shown(published, path)
    assert links[0] == "index.html#c0-ink"
    assert links[-1] == "../page-9/index.html#c8-oil"


def sheet_links(published, path):
    """Where the results on a sheet lead."""
    return published.page(path).xpath("//section//li/a/@href")


def test_a_part_of_the_sheet_names_its_own_contents(many, publish):
    """In the manifest's order; together they name all of them."""
    published = publish(many(7).site(pairs_per_page=1))
    named = [
        published.page(path).xpath("//nav[@class='contents']//a/text()")
        for path in ("pictures.html", "page-2/pictures.html", "page-3/pictures.html")
    ]
    assert named == [
        [f"c{number} seen" for number in of_part] for of_part in ([0, 1, 2, 3, 4], [0, 1, 2, 5, 6], [3, 4, 5, 6])
    ]


def test_results_of_a_style(many, publish):
    """In parts, too; those of a content have room on one page."""
    published = publish(many(5).site(pairs_per_page=2))
    assert [path for path in sorted(published.files) if path.endswith("ink.html")] == [
        "by-style/ink.html",
        "by-style/page-2/ink.html",
        "by-style/page-3/ink.html",
    ]
    assert shown(published, "by-style/page-2/ink.html") == ["c2-ink", "c3-ink"]
    page = published.page("by-style/page-2/ink.html")
    assert page.xpath("string(//title)") == "Ink, page 2 of 3 – Gallery"
    assert steps(page)[0] == ("Previous", "../ink.html")
    assert page.xpath("//figure[1]//img/@src")[0] == "../../static/img/c2.jpg"
    assert not any("page-" in path for path in published.files if path.startswith("by-content"))


def posts(author, count):
    """So many posts with a pair each, the newest last."""
    for number in range(count):
        day = datetime.datetime(2020, 1, number + 1, tzinfo=datetime.UTC)
        author.post(f"/// pair | {author.pairs[number].id}\n///\n", name=f"p{number}", title=f"P{number}", date=day)
    return author


def test_the_list_of_posts(many, publish):
    """The newest first, over all parts; the site's description stands on the first. The feed knows no parts."""
    site = posts(many(3), 5).site(pairs_per_page=2, description="What came out.", base_url=BASE)
    published = publish(site)
    paths = ["index.html", "page-2/index.html", "page-3/index.html"]
    assert [path for path in pages(published) if path.endswith("index.html")] == paths
    found = [published.page(path).xpath("//ul[@class='post-list']//h2/a/text()") for path in paths]
    assert found == [["P4", "P3"], ["P2", "P1"], ["P0"]]
    second = published.page(paths[1])
    assert second.xpath("//ul[@class='post-list']//h2/a/@href")[0] == f"{BASE}/p2.html"
    assert second.xpath("string(//title)") == "Page 2 of 3 – Gallery"
    assert second.xpath("//p[@class='site-title']/a/@href") == [f"{BASE}/index.html"]
    assert [len(published.page(path).xpath("//main/p[. = 'What came out.']")) for path in paths] == [1, 0, 0]
    assert published.files["feed.xml"].count("<entry>") == 5
    assert sheet_links(published, "pictures.html")[-1] == f"{BASE}/p4.html#c1-oil"


def test_a_post_is_not_divided(many, publish):
    """Whatever it shows, its author put there."""
    author = many(4)
    author.post("/// gallery | all\n///\n")
    assert len(shown(publish(author.site(pairs_per_page=3)), "index.html")) == 8


def test_no_page_takes_the_place_of_another(many, publish, problems_of):
    """Posts and pictures may be called as parts are."""
    author = posts(many(5), 3)
    author.picture("ink-2", title="Ink two")
    author.pair(author.images["c0"], author.images["ink-2"])
    for slug in ("page-2", "index-2", "pictures-2"):
        author.post("/// gallery | all\n///\n", name=slug, title=slug)
    site = author.site(pairs_per_page=2)
    assert problems_of(site) == []
    published = publish(site)
    assert published.page("page-2.html").xpath("string(//h1)") == "page-2"
    assert published.page("by-style/ink-2.html").xpath("string(//h1)") == "Ink two"
    assert published.page("by-style/page-2/ink.html").xpath("string(//h1)") == "Ink, page 2 of 3"


@pytest.mark.parametrize("base_url", ["", "/art"])
@pytest.mark.parametrize("with_posts", [False, True])
def test_no_link_is_broken(many, publish, tmp_path, base_url, with_posts):
    """On any part of any listing."""
    author = many(6)
    published = publish((posts(author, 5) if with_posts else author).site(pairs_per_page=1, base_url=base_url))
    for path, text in published.files.items():
        (tmp_path / "built" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "built" / path).write_text(text)
    pictures = "static/img/"
    broken = [link for link in broken_links(tmp_path / "built", base_url) if pictures not in link]
    assert broken == []
    assert "page-12/index.html" in published.files or with_posts


def test_a_theme_with_a_page_of_its_own(many, publish, tmp_path):
    """Its readers get from part to part even where its template knows nothing of them."""
    (tmp_path / "mine/templates").mkdir(parents=True)
    (tmp_path / "mine/templates/page.html").write_text("<title>{{ title }}</title><main>{{ body }}</main>")
    published = publish(many(2).site(pairs_per_page=3, theme=tmp_path / "mine"))
    assert [text for text, _ in steps(published.page("page-2/index.html"))] == ["Previous", "1", "2"]


def test_cost_is_that_of_the_pairs(many, publish, monkeypatch):
    """Four times as many pairs make four times as much HTML and as many templates, not sixteen times."""
    rendered = []
    render = Theme.render
    monkeypatch.setattr(Theme, "render", lambda *given, **more: rendered.append(1) or render(*given, **more))
    author = many(25)
    sizes = []
    for count in (12, 48):
        rendered.clear()
        site = author.site(pairs_per_page=2)
        published = publish(replace(site, pairs=site.pairs[:count]))
        sizes.append((len(rendered), sum(len(text) for path, text in published.files.items() if "static" not in path)))
    (few, little), (more, much) = sizes
    assert more < 4.6 * few
    assert much < 4.6 * little


def test_jekyll_front_matter(many, publish):
    """Our own site's layout is told of the neighbours; somebody else's site has titles that stand by themselves."""
    site = many(3).site("jekyll", pairs_per_page=2, title="Art")
    published = publish(site)
    assert published.front_matter("index.html") == {
        "layout": "default",
        "title": "Art",
        "next_part": "/page-2/index.html",
    }
    assert published.front_matter("page-2/index.html") == {
        "layout": "default",
        "title": "Page 2 of 3",
        "previous_part": "/index.html",
        "next_part": "/page-3/index.html",
    }
    assert published.front_matter("by-style/page-2/ink.html") == {
        "layout": "default",
        "title": "Ink, page 2 of 2",
        "permalink": "/by-style/page-2/ink.html",
        "previous_part": "/by-style/ink.html",
    }
    theirs = publish(site, existing_site=True)
    assert pages(theirs) == ["gallery.html", "page-2/gallery.html", "page-3/gallery.html"]
    assert theirs.front_matter("page-2/gallery.html") == {"layout": "default", "title": "Art, page 2 of 3"}


@pytest.mark.jekyll
def test_jekyll(many, jekyll):
    """Real Jekyll builds all parts of a site with posts, every link leads somewhere, heads name the neighbours."""
    author = posts(many(3), 3)
    jekyll.write(author.site("jekyll", pairs_per_page=1))
    built = jekyll.build("/repo")
    page = parsed((built / "page-2/index.html").read_text())
    assert page.xpath("//ul[@class='post-list']//h2/a/@href") == ["/repo/2020/01/02/p1/"]
    assert page.xpath("string(//title)") == "Page 2 of 3 – Gallery"
    assert page.xpath("//link[@rel='prev' or @rel='next']/@href") == ["/repo/index.html", "/repo/page-3/index.html"]
    assert steps(page)[0] == ("Previous", "/repo/index.html")
    style = parsed((built / "by-style/page-3/ink.html").read_text())
    assert style.xpath("//figure/@id") == ["c2-ink"]
    assert style.xpath("//link[@rel='prev' or @rel='next']/@href") == ["/repo/by-style/page-2/ink.html"]


@pytest.mark.jekyll
def test_jekyll_in_somebodys_site(many, jekyll):
    """Parts find each other wherever that site's permalinks put them."""
    (jekyll.folder / "_config.yml").write_text("title: Mine\npermalink: pretty\n")
    (jekyll.folder / "_layouts").mkdir()
    (jekyll.folder / "_layouts/default.html").write_text("<html><body>{{ content }}</body></html>")
    jekyll.write(many(2).site("jekyll", pairs_per_page=2), existing_site=True)
    built = jekyll.build("/repo")
    assert steps(parsed((built / "gallery/index.html").read_text())) == [
        ("1", "/repo/gallery/"),
        ("2", "/repo/page-2/gallery/"),
        ("Next", "/repo/page-2/gallery/"),
    ]
    assert parsed((built / "page-2/gallery/index.html").read_text()).xpath("//figure/@id") == ["c0-oil", "c1-oil"]


@pytest.mark.hugo
def test_hugo(many, hugo):
    """Real Hugo builds the parts beside the first, and adds no page for a folder of them."""
    hugo.write(many(2).site("hugo", pairs_per_page=2, title="Art"))
    built = hugo.build()
    page = parsed((built / "gallery-2/index.html").read_text())
    assert page.xpath("string(//title)") == "Art, page 2 of 2"
    assert page.xpath("//figure[@class='pair']/@id") == ["c0-oil", "c1-oil"]
    assert steps(page) == [("Previous", "/gallery/"), ("1", "/gallery/"), ("2", "/gallery-2/")]
    assert not list(built.glob("page-*"))
