"""The pages that nobody wrote: the sheet of all results, and those of each style and content."""

from __future__ import annotations

import datetime

import pytest

STATIC = ["static/css/gallery.css", "static/icon.svg", "static/js/gallery.js"]
BY = ["by-content/me.html", "by-content/tardis.html", "by-style/starry_night.html", "by-style/the_scream.html"]


def two_posts(author):
    """A site whose three results are placed by two posts, one of them twice."""
    author.usual()
    for name, day, pairs in (("one", 1, ["tardis-starry_night"]), ("two", 2, ["tardis-starry_night", "me-the_scream"])):
        blocks = "".join(f"/// pair | {pair}\n    id: {pair}-here\n///\n\n" for pair in pairs)
        author.post(blocks, name=name, title=name.title(), date=datetime.datetime(2020, 1, day, tzinfo=datetime.UTC))
    return author


def test_the_sheet(author, publish):
    """Under each style its results, small, each leading to where it is shown first; contents have links."""
    page = publish(two_posts(author).site(title="Art")).page("pictures.html")
    assert page.xpath("string(//title)") == "All pictures – Art"
    found = {
        section.xpath("string(h2)"): [
            (link.get("href"), link.xpath("string(.//img/@src)"), link.xpath("string(.//img/@alt)"))
            for link in section.xpath("ul/li/a")
        ]
        for section in page.xpath("//section[@class='sheet']")
    }
    assert found == {
        "Starry Night": [
            (
                "one.html#tardis-starry_night-here",
                "static/img/tardis-starry_night.png",
                "tardis seen in the style of starry_night seen",
            )
        ],
        "the_scream seen": [
            ("two.html#me-the_scream-here", "static/img/me-the_scream.png", "me seen in the style of the_scream seen")
        ],
    }
    assert page.xpath("//section/h2/a/@href") == ["by-style/starry_night.html", "by-style/the_scream.html"]
    assert page.xpath("//nav[@class='contents']//a/@href") == ["by-content/tardis.html", "by-content/me.html"]
    sizes = {(image.get("width"), image.get("height")) for image in page.xpath("//section//img")}
    assert sizes == {("240", "150"), ("233", "150")}


def test_results_of_a_style_and_of_a_content(author, publish):
    """Whole, as the posts show them; every page leads to the sheet, and the sheet not to itself."""
    author.usual().post("/// gallery | all\n///\n")
    published = publish(author.site())
    assert sorted(published.files) == [*BY, "index.html", "pictures.html", *STATIC]
    page = published.page("by-style/starry_night.html")
    assert page.xpath("string(//h1)") == "Starry Night"
    assert page.xpath("//figure[@class='pair']/@id") == ["tardis-starry_night", "me-starry_night"]
    assert page.xpath("//figure[1]//img/@src") == ["../static/img/tardis.jpg", "../static/img/tardis-starry_night.png"]
    assert published.page("by-content/me.html").xpath("//figure/@id") == ["me-starry_night", "me-the_scream"]
    for path in (*BY, "index.html"):
        address = "../pictures.html" if "/" in path else "pictures.html"
        assert published.page(path).xpath("//p[@class='more']/a/@href") == [address]
    assert published.page("pictures.html").xpath("//p[@class='more']") == []


def test_a_blend_is_under_each_of_its_styles(author, publish):
    """And once under its content."""
    author.usual()
    pictures = author.images
    author.pair(pictures["me"], pictures["starry_night"], pictures["the_scream"])
    author.post("/// gallery | all\n///\n")
    published = publish(author.site())
    blend = "me-starry_night-the_scream"
    for path in ("by-style/starry_night.html", "by-style/the_scream.html", "by-content/me.html"):
        assert published.page(path).xpath("//figure/@id").count(blend) == 1


def test_a_site_without_posts(author, publish):
    """Results stand on the front page, and the sheet leads there."""
    page = publish(author.usual().site(base_url="/art")).page("pictures.html")
    assert page.xpath("//section[2]//li/a/@href") == ["/art/index.html#me-the_scream"]


@pytest.mark.parametrize("why", ["one result", "the manifest", "an existing site"])
def test_no_index_pages(author, publish, why):
    """Where there is one result, where the manifest says so, and in somebody's site."""
    author.usual().post("/// pair | me-the_scream\n///\n" if why == "one result" else "/// gallery | all\n///\n")
    existing = why == "an existing site"
    site = author.site("jekyll" if existing else "html", indexes=why != "the manifest")
    published = publish(site, existing_site=existing)
    assert not any(path.startswith(("by-", "pictures")) for path in published.files)
    assert "All pictures" not in "".join(published.files.values())


def test_a_post_that_would_take_its_place(author, problems_of):
    """It is told, unless there is no such page."""
    author.usual().post("Text.", name="pictures")
    author.post("Text.", name="other")
    assert problems_of(author.site()) == [
        "content/posts/pictures.md:1: its page would be 'pictures.html', which is that of the sheet of all pictures. "
        "Give it another `slug` in its front matter."
    ]
    assert problems_of(author.site(indexes=False)) == []
    author.pairs[1:] = []
    assert problems_of(author.site()) == []  # a single result has no sheet


@pytest.mark.jekyll
@pytest.mark.parametrize("base_url", ["", "/repo"])
def test_jekyll(author, jekyll, base_url):
    """Real Jekyll builds them, every link leads somewhere, and a post that it leaves out is not linked."""
    two_posts(author)
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)
    author.post("/// pair | me-starry_night\n///\n", name="later", title="Later", date=tomorrow)
    jekyll.write(author.site("jekyll"))
    built = jekyll.build(base_url, expecting="has a future date")
    text = (built / "pictures.html").read_text()
    assert f'href="{base_url}/2020/01/01/one/#tardis-starry_night-here"' in text
    assert f'href="{base_url}/by-style/the_scream.html"' in text
    assert "me-starry_night.png" not in text
    style = (built / "by-style/starry_night.html").read_text()
    assert 'id="tardis-starry_night-here"' in style
    assert 'id="me-starry_night"' not in style
    assert f'href="{base_url}/pictures.html"' in (built / "2020/01/01/one/index.html").read_text()
