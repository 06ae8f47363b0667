"""Pages for Hugo: content files in HTML with front matter, and static files. The site around them is somebody's own.

Hugo looks for shortcodes in content of every kind, in attributes and scripts too. It puts its base URL before no link
in content, so links here begin with the path of the manifest's `base_url`.
"""

from __future__ import annotations

import html
import itertools
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from neural_gallery.errors import Location, Problem
from neural_gallery.pages.parts import Part
from neural_gallery.pages.targets import ANOTHER_SLUG, Entry, Frame, front_matter, taken_paths
from neural_gallery.pages.views import RenderedFile
from neural_gallery.site.model import Post, Site

_SHORTCODE = re.compile(r"\{(?=\{[<%])")
# Where a browser does not read `&#123;` as a brace.
_RAW_TEXT = re.compile(r"<(script|style)\b.*?(?:</\1(?=[\s/>])|\Z)", re.DOTALL | re.IGNORECASE)
# A brace of a string as JavaScript, JSON and CSS write it. Outside of strings none of them has `{{<` or `{{%`.
_ESCAPED = {"script": r"\\u007b", "style": r"\\7b "}
_STATIC = "static/"  # Hugo publishes what is below it as it is, and without it
_CONTENT = "content/"


@dataclass(frozen=True, slots=True)
class HugoTarget:
    """Posts for a Hugo site. `base_url` is where that stands; of it, links have the path."""

    base_url: str = ""

    def within_existing_site(self) -> HugoTarget:
        """The same: a Hugo site always has templates and a configuration of its own."""
        return self

    @property
    def has_listings(self) -> bool:
        """Never: which pages a Hugo site has besides is its own affair."""
        return False

    def check(self, site: Site, *, sheet: bool) -> list[Problem]:
        """Pictures must be published, and posts need files of their own."""
        problems: list[Problem] = []
        if not f"{site.images_path}/".startswith(_STATIC):
            message = f"Hugo publishes no pictures of '{site.images_path}': only what is below 'static'."
            remedy = "Set images_path to static/img, or to another folder in static."
            problems.append(Problem(Location(site.manifest.name), message, remedy))
        for post in filter(_is_section, site.posts):
            message = f"its page would be '{_post_path(post)}', which Hugo takes for that of the whole folder."
            problems.append(Problem(Location(post.file, 1), message, ANOTHER_SLUG))
        return problems + taken_paths(itertools.filterfalse(_is_section, site.posts), _post_path)

    def refuses(self, path: str) -> bool:
        """Never: Hugo copies static files whatever their names."""
        return False

    def post_frame(self, post: Post, site: Site, *, summary: str, image: str) -> Frame:
        """`content/posts/slug.html`."""
        return Frame(_post_path(post), "hugo/page.html", _post_front_matter(post, summary, image))

    def part_path(self, path: str, number: int) -> str:
        """Beside the first, `content/gallery-2.html`: Hugo would add a list of its own for a folder.

        It is no post's: those are in a folder.
        """
        return path if number == 1 else f"{path.removesuffix('.html')}-{number}.html"

    def index_frame(self, site: Site, part: Part) -> Frame | None:
        """None: Hugo's own templates list pages."""
        return None

    def pairs_frame(self, site: Site, part: Part) -> Frame:
        """`content/gallery.html`."""
        told = {"title": part.title(site.title), "description": site.description}
        path = self.part_path(f"{_CONTENT}gallery.html", part.number)
        return Frame(path, "hugo/page.html", front_matter(told))

    def listing_frame(self, path: str, title: str, template: str, part: Part) -> Frame:
        """None is written."""
        raise AssertionError("a Hugo site has no listings of ours")

    def entry(self, post: Post, site: Site, *, page: str, anchor: str = "") -> Entry:
        """A plain link, to where Hugo puts pages unless its configuration says otherwise."""
        return Entry(self.url(_post_path(post), page) + (f"#{quote(anchor)}" if anchor else ""))

    def url(self, path: str, page: str) -> str:
        """Where Hugo publishes a static file or, unless its configuration says otherwise, a page."""
        if path.startswith(_CONTENT):
            path = f"{path.removeprefix(_CONTENT).removesuffix('.html')}/"
        return f"{urlsplit(self.base_url).path.rstrip('/')}/{quote(path.removeprefix(_STATIC))}"

    def address(self, path: str) -> str:
        """Hugo decides, and its own templates tell."""
        return ""

    def protect(self, text: str) -> str:
        """Liquid is no language of Hugo's."""
        return text

    def seal(self, html: str) -> str:
        """A page without shortcodes, which reads as it did."""
        sealed: list[str] = []
        end = 0
        for raw in _RAW_TEXT.finditer(html):
            sealed += [
                _SHORTCODE.sub("&#123;", html[end : raw.start()]),
                _SHORTCODE.sub(_ESCAPED[raw[1].lower()], raw[0]),
            ]
            end = raw.end()
        return "".join([*sealed, _SHORTCODE.sub("&#123;", html[end:])])

    def site_templates(self, site: Site) -> list[str]:
        """None."""
        return []

    def site_files(self, site: Site) -> list[RenderedFile]:
        """None."""
        return []


def _is_section(post: Post) -> bool:
    """Whether Hugo would take the post's page for that of its folder."""
    return post.slug.lower() in ("index", "_index")


def _post_path(post: Post) -> str:
    return f"{_CONTENT}posts/{post.slug}.html"


def _post_front_matter(post: Post, summary: str, image: str) -> str:
    """The author's keys as they are, in their order, and what Hugo is told besides."""
    told = {key: value for key, value in post.front_matter.items() if key != "liquid"}
    told.setdefault("title", post.title)
    if post.date is not None:
        told["date"] = post.date.isoformat()
    told.setdefault("slug", post.slug)
    told.setdefault("description", summary)
    told.setdefault("summary", html.escape(summary, quote=False))
    if image:
        told.setdefault("images", [image.removeprefix(_STATIC)])
    return front_matter(told)
