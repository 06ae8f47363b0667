"""What authors' texts say arrives as written, runs nothing, and changes no page: in Jekyll, as HTML and in Hugo.

Every text is tried beside a harmless one of its kind, on pages that have to be built alike.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import pytest

from ..support.browsing import opening
from ..support.payloads import BENIGN, CAPTIONS, TEXTS
from ..support.serving import serving

pytestmark = [pytest.mark.jekyll, pytest.mark.browser, pytest.mark.hugo]

SITE = "</title><script>window.hit=1</script> {{ site.title }} {% x %} {{< x >}} \"a\" 'b' &amp; ]]> -->"
PLACES = ("jekyll/2015/09/08/{}/", "hugo/posts/{}/", "html/{}.html")
COMPARED = [
    (f"h{number}", "s" if number < len(TEXTS) else f"s{number}") for number in range(len(TEXTS) + len(CAPTIONS))
]
"""The posts that have to be built alike: one with a hostile text, one with a harmless one."""
READ = """() => {
    for (const one of document.querySelectorAll("*")) {
        for (const kind of ["mouseover", "focus", "load", "error"]) {
            if (!["IMG", "SOURCE", "LINK", "SCRIPT"].includes(one.tagName)) one.dispatchEvent(new Event(kind));
        }
    }
    const skeleton = one => [one.tagName, one.getAttribute("class"), one.getAttributeNames().sort().join(" "),
                             ...[...one.children].map(skeleton)];
    const text = query => [...document.querySelectorAll(query)].map(one => one.textContent);
    const values = (query, name) => [...document.querySelectorAll(query)].map(one => one.getAttribute(name));
    return {
        hit: window.hit,
        skeleton: JSON.stringify(skeleton(document.documentElement)),
        title: text("title"), heading: text("h1"), caption: text("p.caption"), credits: text(".credits li"),
        alts: values("figure.pair img", "alt"), recipe: text(".recipe dd:first-of-type"),
        prose: text("p.prose, pre code"),
        description: values("meta[name=description]", "content"),
        shared: values("meta[property='og:title']", "content"),
        told: text("script[type='application/ld+json']"),
        running: [...document.querySelectorAll("[href], [src], [action]")].map(one => one.href || one.src || "")
            .filter(one => /^(javascript|data|vbscript):/i.test(one)),
    };
}"""


@dataclass
class Told:
    """What pages did that they should not, and what they hold."""

    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def site_of(author):
    """A site for a target: a post with one pair for each hostile text (`h0`, …), and for the harmless ones (`s`, …)."""
    style = author.picture("style", alt="a style")
    for number, text in enumerate(TEXTS):
        _add(author, style, f"h{number}", text, text)
    _add(author, style, "s", BENIGN, BENIGN)
    for number, (hostile, harmless, _) in enumerate(CAPTIONS, start=len(TEXTS)):
        _add(author, style, f"h{number}", BENIGN, hostile)
        _add(author, style, f"s{number}", BENIGN, harmless)
    return lambda target, address: author.site(target, base_url=address, title=SITE, description=SITE, author=SITE)


def _add(author: Any, style: Any, name: str, text: str, caption: str) -> None:
    words = dict.fromkeys(("title", "credit", "license", "source", "alt"), text)
    author.pair(author.picture(f"p{name}", **words), style, id=f"r{name}", alt=text, caption=caption)
    body = f'<p class="prose">{{{{ site.title }}}}</p>\n\n    {text}\n\n/// pair | r{name}\n///\n'
    matter = {"title": text, "description": text, "tags": [text], "note": {text: text}, "image": {"feature": text}}
    author.post(body, name=name, title=text, front_matter=matter)


def test_hostile_text(site_of, jekyll, hugo, publish, tmp_path, browser):
    """No text runs, none changes a page's structure, and all of them read as they were written."""
    root = tmp_path / "root"
    root.mkdir()
    told = Told()
    with serving(root) as served, opening(browser) as open_page:
        address = served.address
        page = open_page(f"{address}/missing", quiet=False)
        page.on("request", lambda request: told.asked.append(request.url))
        page.on("dialog", lambda dialog: told.asked.append(f"dialog {dialog.message}"))
        page.on("console", lambda message: told.asked.append(f"console {message.text}"))
        jekyll.write(site_of("jekyll", f"{address}/jekyll"))
        (root / "jekyll").symlink_to(jekyll.build("/jekyll"))
        hugo.write(site_of("hugo", f"{address}/hugo"))
        (root / "hugo").symlink_to(hugo.build(f"{address}/hugo/"))
        files = publish(site_of("html", f"{address}/html")).files
        for path, text in files.items():
            (root / "html" / path).parent.mkdir(parents=True, exist_ok=True)
            (root / "html" / path).write_text(text)
        (root / "html/static/img").symlink_to(root / "jekyll/static/img")
        for place in PLACES:
            for name in [name for names in COMPARED for name in names]:
                if (path := place.format(name)) not in told.pages:
                    page.goto(f"{address}/{path}", wait_until="load")
                    told.pages[path] = page.evaluate(READ)
        for listing in ("jekyll/", "html/", "jekyll/pictures.html", "html/pictures.html"):
            page.goto(f"{address}/{listing}", wait_until="load")
            assert page.evaluate("window.hit") is None
            titles = page.locator(".post-list h2").all_text_contents()
            assert "pictures" in listing or {*TEXTS, BENIGN} == {*titles}
    for place in PLACES:
        for number, names in enumerate(COMPARED):
            hostile, harmless = (told.pages[place.format(name)] for name in names)
            _check(hostile, harmless, number, hugo="hugo" in place)
    assert [one for one in told.asked if not one.startswith(address)] == []
    _check_lists(files)


def _check(hostile: dict[str, Any], harmless: dict[str, Any], number: int, *, hugo: bool) -> None:
    assert hostile["hit"] is None
    assert hostile["running"] == []
    # A link in a caption that leads nowhere any more is still the same element.
    skeletons = [re.sub(r'("A",[^,]*,")href ?', r"\1", one["skeleton"]) for one in (hostile, harmless)]
    assert skeletons[0] == skeletons[1]
    if number >= len(TEXTS):
        assert hostile["caption"] == [CAPTIONS[number - len(TEXTS)][2]]
        return
    text = TEXTS[number]
    assert hostile["heading"] == [text]
    assert hostile["title"] == [text if hugo else hostile["title"][0]]
    assert hostile["title"][0].startswith(text)
    assert hostile["description"] == [text]
    assert hostile["shared"] == [text]
    assert hostile["alts"] == [text, text]
    assert hostile["caption"] == [" ".join(text.split())]
    assert hostile["credits"][0] == ", ".join([text] * 4)
    assert hostile["recipe"][0] == ", ".join([text] * 4)
    assert [one.strip() for one in hostile["prose"][:2]] == ["{{ site.title }}", text]
    image = _images(json.loads(hostile["told"][0]))[0]
    work = image["isBasedOn"][0]
    assert (image["caption"], work["name"], work["creditText"], work["license"]["name"]) == (text,) * 4


def _images(told: dict[str, Any]) -> list[dict[str, Any]]:
    return told["image"] if "image" in told else told["@graph"]


def _check_lists(files: dict[str, str]) -> None:
    """The feed and the site map are XML, and say what was written."""
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ElementTree.fromstring(files["feed.xml"])
    assert feed.findtext(f"{atom}title") == SITE
    told = [(one.findtext(f"{atom}title"), one.findtext(f"{atom}summary")) for one in feed.iter(f"{atom}entry")]
    assert len(told) == 20
    assert {title for title, _ in told} - {BENIGN} <= set(TEXTS)
    assert all(title == summary for title, summary in told)
    pages = ElementTree.fromstring(files["sitemap.xml"])
    assert len(pages) > 2 * len(COMPARED)  # posts, and the pages of their pictures
