"""The pages of a site: what its posts ask for, what is wrong with them, and the files that they become.

`Pages(site)` reads the posts once, when it is first asked for something. Nothing here touches the output folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from neural_gallery.errors import InputError, Location, Problem
from neural_gallery.pages.discovery import preview, structured_data
from neural_gallery.pages.feeds import FEED, SITE_MAP, Listed, feed, site_map
from neural_gallery.pages.figures import Figures, Image, credited, pictures_of
from neural_gallery.pages.placements import (
    GalleryPlacement,
    PicturePlacement,
    Placement,
    left_of,
    pairs_of,
    place_pair,
)
from neural_gallery.pages.prose import Prose, read_prose, shortened
from neural_gallery.pages.targets import SCRIPT, STYLESHEET, Entry, Frame, PageTarget, target_for
from neural_gallery.pages.theme import Theme
from neural_gallery.pages.views import Gallery, RenderedFile
from neural_gallery.site.model import Post, Site


@dataclass(frozen=True, slots=True)
class Used:
    """What pages show: the only pictures and pairs that need to be published."""

    pictures: tuple[str, ...]  # names of source pictures, in the manifest's order
    pairs: tuple[str, ...]  # ids, in the manifest's order


@dataclass(frozen=True, slots=True)
class Article:
    """A post, read: its prose, and the gallery of all pairs where it places none itself."""

    post: Post
    prose: Prose
    appended: tuple[Placement, ...]

    @property
    def placements(self) -> tuple[Placement, ...]:
        """All that the page shows."""
        return self.prose.placements + self.appended

    @property
    def description(self) -> str:
        """The author's description, or the beginning of the prose."""
        given = self.post.front_matter.get("description")
        return given if isinstance(given, str) and given else shortened(self.prose.summary)


@dataclass(frozen=True, slots=True)
class Card:
    """A post in the list of posts."""

    title: str
    post: Post
    entry: Entry
    summary: str
    cover: Image | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page written, and what others hear of it."""

    file: RenderedFile
    listed: Listed


class Pages:
    """All pages of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._target = target_for(site)
        self._theme = Theme(site.theme, root=site.root)

    def check(self) -> list[Problem]:
        """Everything about posts, their blocks and the theme's files that cannot be published, sorted by place."""
        problems = [problem for article in self._articles for problem in article.prose.problems]
        problems += self._target.check(self._site)
        remedy = "Jekyll takes no name that begins with '.', '_', '#' or '~' or ends with '~': rename the file."
        for path, file in self._theme.static_files():
            if self._target.refuses(path):
                problems.append(Problem(self._theme.location(file), "this file would not be published.", remedy))
        return sorted(problems, key=lambda problem: (problem.location or Location(""), problem.message))

    def used(self) -> Used:
        """What has to be published for these pages."""
        placements = self._placements()
        left = {left_of(pair).name for pair in pairs_of(placements)}
        alone = {placement.picture.name for placement in placements if isinstance(placement, PicturePlacement)}
        placed = {placement.pair.id for placement in pairs_of(placements)}
        return Used(
            tuple(name for name in self._site.images if name in left | alone),
            tuple(pair.id for pair in self._site.pairs if pair.id in placed),
        )

    def render(self, gallery: Gallery, *, existing_site: bool = False) -> list[RenderedFile]:
        """All files of the pages, the theme's static files included; no pictures.

        `existing_site`: the output folder is a Jekyll site with a configuration and layouts of its own, which gets
        posts only. Raises InputError with what `check` finds, and ThemeError.
        """
        if problems := self.check():
            raise InputError(*problems)
        target = self._target.within_existing_site() if existing_site else self._target
        site = _SiteRenderer(self._site, gallery, self._theme, target, embedded=existing_site)
        pages = [site.article(article) for article in self._articles]
        if not self._articles:
            pages.append(site.pairs(self._all_pairs))
        elif index := target.index_frame(self._site):
            pages.append(site.index(index, _newest_first(self._articles)))
        files = [page.file for page in pages]
        files += site.lists([page.listed for page in pages])
        files += [self._copied(name) for name in target.site_templates(self._site)]
        files += target.site_files(self._site)
        files += [RenderedFile(f"static/{path}", file.read_bytes()) for path, file in self._theme.static_files()]
        return files

    @cached_property
    def _articles(self) -> tuple[Article, ...]:
        articles = []
        for post in self._site.posts:
            prose = read_prose(post, self._site, protect=self._target.protect if post.liquid else str)
            articles.append(Article(post, prose, () if pairs_of(prose.placements) else self._all_pairs))
        return tuple(articles)

    @cached_property
    def _all_pairs(self) -> tuple[Placement, ...]:
        pairs = tuple(place_pair(pair) for pair in self._site.pairs)
        return (GalleryPlacement(pairs),) if pairs else ()

    def _placements(self) -> list[Placement]:
        if not self._articles:
            return list(self._all_pairs)
        return [placement for article in self._articles for placement in article.placements]

    def _copied(self, name: str) -> RenderedFile:
        return RenderedFile(name, self._theme.source(f"jekyll/{name}").encode())


@dataclass(frozen=True)
class _SiteRenderer:
    """Renders pages for one target."""

    site: Site
    gallery: Gallery
    theme: Theme
    target: PageTarget
    embedded: bool  # in a site whose layouts do not link the theme's stylesheet and script

    def article(self, article: Article) -> Page:
        """A post's page."""
        post, prose = article.post, article.prose
        placed = pairs_of(article.placements)
        image = self.gallery.pairs[placed[0].pair.id].result.fallback.path if placed else ""
        frame = self.target.post_frame(post, self.site, summary=prose.summary, image=image)
        figures = self._figures(frame)
        body = "\n".join([prose.fill(figures.render), *map(figures.render, article.appended)])
        description = article.description or self.site.description
        return self._page(frame, body, article.placements, title=post.title, description=description, post=post)

    def pairs(self, placements: Sequence[Placement]) -> Page:
        """The page of a site without posts."""
        frame = self.target.pairs_frame(self.site)
        figures = self._figures(frame)
        body = "\n".join(map(figures.render, placements))
        return self._page(frame, body, placements, title=self.site.title, description=self.site.description)

    def index(self, frame: Frame, articles: Sequence[Article]) -> Page:
        """The list of posts."""
        figures = self._figures(frame)
        cards = [self._card(article, figures) for article in articles]
        shown = preview(articles[0].placements, self.gallery, frame.path, self.target.address)
        title, description = self.site.title, self.site.description
        file = self._write(
            frame,
            title=title,
            description=description,
            date=None,
            cards=cards,
            credits=[],
            preview=shown,
            structured_data="",
        )
        return Page(file, Listed(shown.address, title, description, "", None, ()))

    def lists(self, pages: Sequence[Listed]) -> list[RenderedFile]:
        """The feed and the site map, where it is known at what addresses pages will be."""
        if not self.target.address(SITE_MAP):
            return []
        atom = feed(self.site, pages)
        return [*([atom] if atom else []), site_map(pages)]

    def _card(self, article: Article, figures: Figures) -> Card:
        placed = pairs_of(article.placements)
        cover = figures.result(placed[0]) if placed else None
        entry = self.target.entry(article.post, self.site)
        return Card(article.post.title, article.post, entry, shortened(article.prose.summary, 240), cover)

    def _page(
        self,
        frame: Frame,
        body: str,
        placements: Sequence[Placement],
        *,
        title: str,
        description: str,
        post: Post | None = None,
    ) -> Page:
        from markupsafe import Markup

        date = post.date if post else None
        shown = preview(placements, self.gallery, frame.path, self.target.address)
        told = structured_data(
            placements,
            self.gallery,
            self.site,
            lambda path: self.target.address(path) or self.target.url(path, frame.path),
            title=title,
            description=description,
            date=date,
            address=shown.address,
            whole=not self.embedded,
        )
        file = self._write(
            frame,
            title=title,
            description=description,
            date=date,
            post=post,
            body=Markup(body),
            credits=credited(pictures_of(placements)),
            preview=shown,
            structured_data=Markup(told),
        )
        results = (self.gallery.pairs[placed.pair.id].result.fallback for placed in pairs_of(placements))
        images = tuple(dict.fromkeys(self.target.address(image.path) for image in results))
        return Page(file, Listed(shown.address, title, description, body, date, images))

    def _write(self, frame: Frame, **context: object) -> RenderedFile:
        link = partial(self.target.url, page=frame.path)
        has_feed = any(post.date for post in self.site.posts)
        html = self.theme.render(
            frame.template,
            site=self.site,
            link=link,
            liquid=self.target.protect,
            embedded=self.embedded,
            stylesheet=STYLESHEET,
            script=SCRIPT,
            feed=self.target.address(FEED) if has_feed else "",
            **context,
        )
        return RenderedFile(frame.path, (frame.preamble + self.target.seal(html)).encode())

    def _figures(self, frame: Frame) -> Figures:
        return Figures(self.gallery, self.theme, self.target, frame.path)


def _newest_first(articles: Sequence[Article]) -> list[Article]:
    """Dated posts from the newest on, then the others in the manifest's order."""
    dated = [article for article in articles if article.post.date is not None]
    undated = [article for article in articles if article.post.date is None]
    return sorted(dated, key=lambda a: a.post.date.timestamp() if a.post.date else 0.0, reverse=True) + undated
