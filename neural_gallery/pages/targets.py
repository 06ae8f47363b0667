"""For whom pages are written: where they go, how they link, and what their text must not say by accident.

`PageTarget` is what the renderer asks; `HtmlTarget` writes pages that a browser opens as they are. Jekyll's is in
`jekyll.py`, Hugo's in `hugo.py`. Paths are POSIX and relative to the output folder.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from neural_gallery.errors import Location, Problem
from neural_gallery.pages.indexes import SHEET
from neural_gallery.pages.parts import Part, in_folder
from neural_gallery.pages.views import RenderedFile
from neural_gallery.site.model import Post, Site, Target

if TYPE_CHECKING:
    import yaml

STYLESHEET = "static/css/gallery.css"
SCRIPT = "static/js/gallery.js"
ICON = "static/icon.svg"

_NOT_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nil", "none", "nan", "inf"})

ANOTHER_SLUG = "Give it another `slug` in its front matter."
"""The remedy where a page's file cannot be its own."""


@dataclass(frozen=True, slots=True)
class Frame:
    """How one page is written: by which template, and what stands before it in the file."""

    path: str
    template: str
    preamble: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """How a list of posts names one of them: its link, and what stands around its entry."""

    link: str
    before: str = ""
    after: str = ""


class PageTarget(Protocol):
    """What a target decides."""

    def within_existing_site(self) -> PageTarget:
        """This target, for an output folder that is somebody's site already."""
        ...

    @property
    def has_listings(self) -> bool:
        """Whether a site has pages that no author wrote, such as the sheet of all pictures."""
        ...

    def check(self, site: Site, *, sheet: bool) -> list[Problem]:
        """What the target cannot publish. `sheet`: whether there is a sheet of all pictures."""
        ...

    def refuses(self, path: str) -> bool:
        """Whether a file of that path would not be published."""
        ...

    def post_frame(self, post: Post, site: Site, *, summary: str, image: str) -> Frame:
        """How a post is written. `summary` is its first paragraph, `image` the path of its first result, or ""."""
        ...

    def part_path(self, path: str, number: int) -> str:
        """Where a part of a listing goes whose first part is at `path`."""
        ...

    def index_frame(self, site: Site, part: Part) -> Frame | None:
        """How a part of the list of posts is written; None where there is none."""
        ...

    def pairs_frame(self, site: Site, part: Part) -> Frame:
        """How a part of the page of a site without posts is written."""
        ...

    def listing_frame(self, path: str, title: str, template: str, part: Part) -> Frame:
        """How a part of a listing that no author wrote is written, by that template. Asked only where `has_listings`.

        `path` and `title` are those of its first part.
        """
        ...

    def entry(self, post: Post, site: Site, *, page: str, anchor: str = "") -> Entry:
        """How the page written to `page` names a post, or an element of it."""
        ...

    def url(self, path: str, page: str) -> str:
        """A link to the output file `path` from the page written to `page`, to stand in an attribute."""
        ...

    def address(self, path: str) -> str:
        """The whole address that the output file `path` will have; "" where that is not known."""
        ...

    def protect(self, text: str) -> str:
        """Text of an author who writes in the target's own language, kept from everything until `seal`."""
        ...

    def seal(self, html: str) -> str:
        """A page as rendered, made safe for what reads it next."""
        ...

    def site_templates(self, site: Site) -> list[str]:
        """Templates of the theme that the target copies as they are, by name below `jekyll/`."""
        ...

    def site_files(self, site: Site) -> list[RenderedFile]:
        """Further files that make the output a whole site."""
        ...


@dataclass(frozen=True, slots=True)
class HtmlTarget:
    """Pages for any web server, or none: links are relative, so that they open from a disk too.

    With a base URL, links begin with it instead. A site with one post is that post.
    """

    base_url: str = ""

    def within_existing_site(self) -> HtmlTarget:
        """The same: its pages stand by themselves."""
        return self

    @property
    def has_listings(self) -> bool:
        """Always."""
        return True

    def check(self, site: Site, *, sheet: bool) -> list[Problem]:
        """Two pages cannot go to one file."""
        taken = {"index.html": "the list of posts"} if len(site.posts) > 1 else {}
        if sheet:
            taken[SHEET] = "the sheet of all pictures"
        return taken_paths(site.posts, lambda post: _html_path(post, site), taken)

    def refuses(self, path: str) -> bool:
        """Never."""
        return False

    def post_frame(self, post: Post, site: Site, *, summary: str, image: str) -> Frame:
        """`slug.html`, or `index.html` for an only post."""
        return Frame(_html_path(post, site), "page.html")

    def part_path(self, path: str, number: int) -> str:
        """In a folder of its own: `page-2/index.html`."""
        return in_folder(path, number)

    def index_frame(self, site: Site, part: Part) -> Frame | None:
        """`index.html`, where there are several posts to list."""
        return self.listing_frame("index.html", site.title, "index.html", part) if len(site.posts) > 1 else None

    def pairs_frame(self, site: Site, part: Part) -> Frame:
        """`index.html`."""
        return self.listing_frame("index.html", site.title, "page.html", part)

    def listing_frame(self, path: str, title: str, template: str, part: Part) -> Frame:
        """As it is."""
        return Frame(self.part_path(path, part.number), template)

    def entry(self, post: Post, site: Site, *, page: str, anchor: str = "") -> Entry:
        """A plain link."""
        return Entry(self.url(_html_path(post, site), page) + (f"#{quote(anchor)}" if anchor else ""))

    def url(self, path: str, page: str) -> str:
        """Relative to the page, or under the base URL."""
        if self.base_url:
            return f"{self.base_url}/{quote(path)}"
        return _relative(path, posixpath.dirname(page))

    def address(self, path: str) -> str:
        """Known where the base URL has a host. A front page is its folder."""
        if "://" not in self.base_url:
            return ""
        return f"{self.base_url}/{'' if path == 'index.html' else quote(path)}"

    def protect(self, text: str) -> str:
        """HTML has no language of its own to keep."""
        return text

    def seal(self, html: str) -> str:
        """Nothing reads the page but a browser."""
        return html

    def site_templates(self, site: Site) -> list[str]:
        """None."""
        return []

    def site_files(self, site: Site) -> list[RenderedFile]:
        """None."""
        return []


def target_for(site: Site) -> PageTarget:
    """The target that the manifest names."""
    if site.target is Target.HTML:
        return HtmlTarget(site.base_url)
    if site.target is Target.HUGO:
        from neural_gallery.pages.hugo import HugoTarget

        return HugoTarget(site.base_url)
    from neural_gallery.pages.jekyll import JekyllTarget

    return JekyllTarget()


def taken_paths(
    posts: Iterable[Post], path_of: Callable[[Post], str], taken: Mapping[str, str] | None = None
) -> list[Problem]:
    """A problem for each post whose page would be one of another post, or of what is `taken` by something else."""
    owners, problems = dict(taken or {}), []
    for post in posts:
        path = path_of(post)
        if path in owners:
            message = f"its page would be '{path}', which is that of {owners[path]}."
            problems.append(Problem(Location(post.file, 1), message, ANOTHER_SLUG))
        owners.setdefault(path, post.file)
    return problems


def as_yaml(values: Mapping[str, object]) -> str:
    """Keys and values as YAML, in their order, each on one line where it can be."""
    import yaml

    return yaml.dump(dict(values), Dumper=_dumper(), allow_unicode=True, sort_keys=False, width=10**6)


@cache
def _dumper() -> type[yaml.SafeDumper]:
    """Writes texts so that every reader of YAML takes them for texts: to some, `1e3`, `1,000` and `y` are none."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def as_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        plain = text[:1].isalpha() and text.lower() not in _NOT_TEXT
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else "'")

    Dumper.add_representer(str, as_text)
    return Dumper


def front_matter(values: Mapping[str, object]) -> str:
    """What stands before a page for a generator that reads it."""
    return f"---\n{as_yaml(values)}---\n"


@lru_cache(maxsize=65536)
def _relative(path: str, folder: str) -> str:
    """A link from a page in that folder of the output."""
    if not folder and posixpath.normpath(path) == path:
        return quote(path)
    return quote(posixpath.relpath(f"/{path}", f"/{folder}"))  # which needs not ask where the process is


def _html_path(post: Post, site: Site) -> str:
    return "index.html" if len(site.posts) == 1 else f"{post.slug}.html"
