"""Pages for Jekyll: posts with front matter, links through `relative_url`, and Liquid only where it is meant.

Jekyll reads every page as a Liquid template. So a page is rendered first with each piece of Liquid that is meant held
back behind a placeholder, then every brace that could begin a tag is written so that Liquid leaves it alone, and
only then the held pieces are put in their places (`seal`).
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlsplit

from neural_gallery.errors import Location, Problem
from neural_gallery.pages.parts import Part, in_folder
from neural_gallery.pages.placeholders import HELD
from neural_gallery.pages.targets import Entry, Frame, as_yaml, front_matter, taken_paths
from neural_gallery.pages.views import RenderedFile
from neural_gallery.site.model import Post, Site

# Within one paragraph, and of a length that keeps a text full of unclosed braces from taking minutes.
_TAG = re.compile(r"\{\{(?:[^\n]|\n(?!\s*\n)){0,1000}?\}\}|\{%(?:[^\n]|\n(?!\s*\n)){0,1000}?%\}")
_BRACE = re.compile(r"\{(?=[{%" + HELD.open + "])")
# Where a browser does not read `&#123;` as a brace.
_RAW_TEXT = re.compile(
    r"<(script|style|xmp|iframe|noembed|noframes)\b.*?(?:</\1(?=[\s/>])|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_HELD = re.compile(HELD.pattern)
_HELD_PARAGRAPH = re.compile(rf"<p>((?:{HELD.pattern}\s*)+)</p>")
_NOT_COPIED = tuple("._#~")  # Jekyll takes no file or folder whose name begins with one of them


@dataclass(frozen=True, slots=True)
class JekyllTarget:
    """Posts for a Jekyll site, an existing one or one of our own making."""

    existing_site: bool = False
    held: list[str] = field(default_factory=list)

    def within_existing_site(self) -> JekyllTarget:
        """This target for a site whose layouts and configuration are somebody else's."""
        return replace(self, existing_site=True)

    @property
    def has_listings(self) -> bool:
        """In our own site; which pages an existing one has besides is its own affair."""
        return not self.existing_site

    def check(self, site: Site, *, sheet: bool) -> list[Problem]:
        """Posts need dates, and files of their own."""
        message = "the post has no date, and Jekyll publishes only posts that have one."
        remedy = "Add one to its front matter, `date: 2026-01-31`, or begin the file's name with it."
        undated = [Problem(Location(post.file, 1), message, remedy) for post in site.posts if post.date is None]
        return undated + taken_paths([post for post in site.posts if post.date is not None], _post_path)

    def refuses(self, path: str) -> bool:
        """Whether Jekyll leaves a file out because of its name or that of a folder it is in."""
        return path.endswith("~") or any(part.startswith(_NOT_COPIED) for part in path.split("/"))

    def post_frame(self, post: Post, site: Site, *, summary: str, image: str) -> Frame:
        """`_posts/YYYY-MM-DD-slug.html`."""
        return Frame(_post_path(post), "jekyll/page.html", self._post_front_matter(post, site, summary, image))

    def part_path(self, path: str, number: int) -> str:
        """In a folder of its own: `page-2/index.html`."""
        return in_folder(path, number)

    def index_frame(self, site: Site, part: Part) -> Frame | None:
        """`index.html` of our own site; an existing one has its own."""
        if self.existing_site:
            return None
        return self._part_frame("index.html", part, "index.html", title=part.front_title(site.title))

    def pairs_frame(self, site: Site, part: Part) -> Frame:
        """`index.html` of our own site; `gallery.html` beside the pages of an existing one."""
        if self.existing_site:
            told = {"layout": "default", "title": part.title(site.title)}
            return Frame(self.part_path("gallery.html", part.number), "jekyll/page.html", front_matter(told))
        return self._part_frame("index.html", part, "page.html", title=part.front_title(site.title))

    def listing_frame(self, path: str, title: str, template: str, part: Part) -> Frame:
        """A page of our own site, at its path whatever permalinks are."""
        permalink = f"/{self.part_path(path, part.number)}"
        return self._part_frame(path, part, template, title=part.title(title), permalink=permalink)

    def _part_frame(self, path: str, part: Part, template: str, **told: object) -> Frame:
        """A page of our own site. Its neighbours are told to the layout, which writes the head."""
        neighbours = {"previous_part": part.previous, "next_part": part.next}
        linked = {key: f"/{quote(self.part_path(path, number))}" for key, number in neighbours.items() if number}
        preamble = front_matter({"layout": "default", **told, **linked})
        return Frame(self.part_path(path, part.number), f"jekyll/{template}", preamble)

    def entry(self, post: Post, site: Site, *, page: str, anchor: str = "") -> Entry:
        """A link that only Jekyll knows, in an entry that vanishes where Jekyll does not publish the post."""
        find = f"{{% assign found = site.posts | where: 'path', '{_post_path(post)}' %}}{{% for post in found %}}"
        link = self._hold("{{ post.url | relative_url }}") + (f"#{quote(anchor)}" if anchor else "")
        return Entry(link, self._hold(find), self._hold("{% endfor %}"))

    def url(self, path: str, page: str) -> str:
        """A link through `relative_url`, which puts the site's base URL before it."""
        if self.existing_site and path.endswith(".html"):  # a page of ours is where that site's permalinks say
            find = f"{{{{ site.pages | where: 'path', '{path}' | map: 'url' | first | relative_url }}}}"
            return self._hold(find)
        return self._hold(f"{{{{ '/{quote(path)}' | relative_url }}}}")

    def address(self, path: str) -> str:
        """Jekyll decides, and its own plugins tell."""
        return ""

    def protect(self, text: str) -> str:
        """The tags of an author who writes Liquid on purpose, line by line, so that lines keep their numbers."""
        return _TAG.sub(lambda tag: "\n".join(self._hold(line) for line in tag[0].split("\n")), text)

    def seal(self, html: str) -> str:
        """A page in which only the Liquid held back is Liquid."""
        sealed: list[str] = []
        end = 0
        for raw in _RAW_TEXT.finditer(html):
            sealed += [_BRACE.sub("&#123;", html[end : raw.start()]), _BRACE.sub("{{ '{' }}", raw[0])]
            end = raw.end()
        sealed.append(_BRACE.sub("&#123;", html[end:]))
        unwrapped = _HELD_PARAGRAPH.sub(self._without_paragraph, "".join(sealed))
        return _HELD.sub(self._release, unwrapped)

    def site_templates(self, site: Site) -> list[str]:
        """The layouts of our own site."""
        return [] if self.existing_site else ["_layouts/default.html", "_layouts/post.html"]

    def site_files(self, site: Site) -> list[RenderedFile]:
        """The configuration of our own site."""
        return [] if self.existing_site else [RenderedFile("_config.yml", _configuration(site).encode())]

    def _hold(self, text: str) -> str:
        self.held.append(text)
        return HELD(len(self.held) - 1)

    def _release(self, match: re.Match[str]) -> str:
        return self.held[int(match[1])]

    def _without_paragraph(self, match: re.Match[str]) -> str:
        """A paragraph that holds nothing but `{% tags %}` is none."""
        tags = all(self.held[int(number)].startswith("{%") for number in _HELD.findall(match[1]))
        return match[1] if tags else match[0]

    def _post_front_matter(self, post: Post, site: Site, summary: str, image: str) -> str:
        """The author's keys as they are, in their order, and what Jekyll must be told besides."""
        told = {key: value for key, value in post.front_matter.items() if key != "liquid"}
        told.setdefault("layout", "post")
        told.setdefault("title", post.title)
        told["date"] = post.date
        safe_summary = _BRACE.sub("&#123;", html.escape(summary, quote=False))
        told.setdefault("excerpt", safe_summary)
        if not self.existing_site:
            told.setdefault("description", summary or site.description)
            told.setdefault("image", image and f"/{image}")
        return front_matter(told)


def _post_path(post: Post) -> str:
    assert post.date is not None, "check() refuses posts without a date"
    return f"_posts/{post.date.date().isoformat()}-{post.slug}.html"


def _configuration(site: Site) -> str:
    base = urlsplit(site.base_url)
    values: dict[str, object] = {
        "title": site.title,
        "description": site.description,
        "author": site.author,
        "lang": site.language,
        "url": f"{base.scheme}://{base.netloc}" if base.netloc else "",
        "baseurl": posixpath.normpath(base.path) if base.path.strip("/") else "",
        "permalink": "/:year/:month/:day/:title/",
        "timezone": _time_zone(site.posts),
        "strict_front_matter": True,
    }
    return f"# Written by neural-gallery.\n{as_yaml(values)}"


def _time_zone(posts: Sequence[Post]) -> str:
    """The zone in which every post has the date of its author, where there is one; Jekyll takes one for all posts.

    The names count hours the other way: Etc/GMT-9 is nine hours ahead of Greenwich.
    """
    offsets = {offset for post in posts if post.date and (offset := post.date.utcoffset()) is not None}
    if len(offsets) != 1:
        return "UTC"
    hours, rest = divmod(offsets.pop().total_seconds(), 3600)
    return f"Etc/GMT{-int(hours):+d}" if hours and not rest and -12 <= hours <= 14 else "UTC"
