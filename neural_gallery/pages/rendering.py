"""The pages of a site as files: each page's own part, and what templates know besides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from urllib.parse import quote

from neural_gallery.pages.articles import Article
from neural_gallery.pages.discovery import preview, structured_data
from neural_gallery.pages.feeds import FEED, SITE_MAP, Listed, feed, site_map
from neural_gallery.pages.figures import Figures, Image, credited, foremost, pictures_of
from neural_gallery.pages.indexes import SHEET, SHEET_TITLE, Indexes, Kin, Place
from neural_gallery.pages.parts import WHOLE, Part, Steps, in_parts, steps
from neural_gallery.pages.placements import GalleryPlacement, PairPlacement, Placement, pairs_of
from neural_gallery.pages.prose import shortened
from neural_gallery.pages.targets import ICON, SCRIPT, STYLESHEET, Entry, Frame, PageTarget
from neural_gallery.pages.theme import Theme
from neural_gallery.pages.views import Gallery, RenderedFile
from neural_gallery.site.model import Post, Site

TILES = 5
"""How many results the sheet shows for each pair that other pages show: one is a fifth to a quarter of its HTML."""


@dataclass(frozen=True, slots=True)
class Card:
    """A post in the list of posts."""

    title: str
    post: Post
    entry: Entry
    summary: str
    cover: Image | None  # the first result on it


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A result on the sheet, and the link to its place."""

    entry: Entry
    image: Image
    waits: bool  # whether it is still to be painted


@dataclass(frozen=True, slots=True)
class SheetGroup:
    """The results in one style on the sheet, and the link to their page."""

    title: str
    link: str
    thumbnails: list[Thumbnail]


@dataclass(frozen=True, slots=True)
class Page:
    """A page written, and what others hear of it."""

    file: RenderedFile
    listed: Listed


@dataclass(frozen=True)
class SiteRenderer:
    """Renders pages for one target."""

    site: Site
    gallery: Gallery
    theme: Theme
    target: PageTarget
    embedded: bool  # in a site whose layouts do not link the theme's stylesheet and script
    indexes: Indexes | None  # the pages that nobody wrote

    def article(self, article: Article) -> Page:
        """A post's page."""
        post, prose = article.post, article.prose
        first = foremost(article.placements, self.gallery)
        image = self.gallery.pairs[first.pair.id].result.fallback.path if first else ""
        frame = self.target.post_frame(post, self.site, summary=prose.summary, image=image)
        figures = self._figures(frame)
        body = "\n".join([prose.fill(figures.render), *map(figures.render, article.appended)])
        description = article.description or self.site.description
        return self._page(
            frame, figures, body, article.placements, title=post.title, description=description, post=post
        )

    def pairs(self, placements: Sequence[PairPlacement]) -> Iterator[Page]:
        """The page of a site without posts, in its parts."""
        first = self.target.pairs_frame(self.site, WHOLE).path
        for part, placed in in_parts(placements, self.site.pairs_per_page):
            frame = self.target.pairs_frame(self.site, part)
            figures, found = self._figures(frame), self._steps(frame, first, part)
            shown = (GalleryPlacement(tuple(placed)),) if placed else ()
            body = "\n".join([*map(figures.render, shown), *self._navigation(found)])
            title, description = part.front_title(self.site.title), self.site.description
            name = part.title(self.site.title)
            yield self._page(frame, figures, body, shown, title=title, description=description, name=name, part=found)

    def index(self, articles: Sequence[Article]) -> Iterator[Page]:
        """The list of posts in its parts, where the target has one."""
        first = self.target.index_frame(self.site, WHOLE)
        for part, listed in in_parts(articles, self.site.pairs_per_page):
            frame = self.target.index_frame(self.site, part)
            if first is None or frame is None:
                return
            figures, found = self._figures(frame), self._steps(frame, first.path, part)
            cards = [self._card(article, frame, figures) for article in listed]
            title = part.front_title(self.site.title)
            yield self._listing(frame, figures, title, listed[0].placements, cards=cards, part=found)

    def sheet(self, listed: Indexes) -> Iterator[Page]:
        """All results, small, under their styles, in parts; each leads to its place.

        A part names the contents of its own results: all of them on each would be too many.
        """
        order = {kin.picture.name: (number, kin) for number, kin in enumerate(listed.contents)}
        tiles = [(kin, place) for kin in listed.styles for place in kin.places]
        for part, shown in in_parts(tiles, TILES * self.site.pairs_per_page):
            frame = self.target.listing_frame(SHEET, SHEET_TITLE, "sheet.html", part)
            figures, found = self._figures(frame), self._steps(frame, SHEET, part)
            by_style = [[*group] for _, group in groupby(shown, lambda tile: tile[0].path)]
            groups = [self._group(group, frame, figures) for group in by_style]
            names = {place.placement.pair.content.name for _, place in shown}
            contents = [(kin.title, self._link(frame, kin.path)) for _, kin in sorted(order[name] for name in names)]
            first = [place.placement for _, place in by_style[0]]
            title = part.title(SHEET_TITLE)
            yield self._listing(frame, figures, title, first, groups=groups, contents=contents, part=found)

    def _group(self, tiles: Sequence[tuple[Kin, Place]], frame: Frame, figures: Figures) -> SheetGroup:
        """Results in one style, or as many of them as a part has."""
        style, _ = tiles[0]
        thumbnails = [self._thumbnail(place, frame, figures) for _, place in tiles]
        return SheetGroup(style.title, self._link(frame, style.path), thumbnails)

    def _thumbnail(self, place: Place, frame: Frame, figures: Figures) -> Thumbnail:
        waits = self.gallery.pairs[place.placement.pair.id].waits
        return Thumbnail(self._entry(place, frame), figures.thumbnail(place.placement), waits)

    def kin(self, kin: Kin) -> Iterator[Page]:
        """The results that have a picture in common, in parts."""
        for part, places in in_parts(kin.places, self.site.pairs_per_page):
            frame = self.target.listing_frame(kin.path, kin.title, "page.html", part)
            figures, found, shown = self._figures(frame), self._steps(frame, kin.path, part), []
            for place in places:
                entry = self._entry(place, frame)
                shown.append(entry.before + figures.render(place.placement) + entry.after)
            body = "\n".join([self.theme.render("partials/gallery.html", figures=shown), *self._navigation(found)])
            placements, title = [place.placement for place in places], part.title(kin.title)
            description = self.site.description
            yield self._page(frame, figures, body, placements, title=title, description=description, part=found)

    def _steps(self, frame: Frame, first: str, part: Part) -> Steps | None:
        """The links from a part of the listing that begins at `first`."""
        return steps(part, lambda number: self._link(frame, self.target.part_path(first, number)))

    def _navigation(self, part: Steps | None) -> list[str]:
        """What leads to the other parts. In the body, so that a theme's own templates show it, too."""
        return [self.theme.render("partials/parts.html", part=part)] if part else []

    def _entry(self, place: Place, frame: Frame) -> Entry:
        """How a page names the place of a result; what is around it vanishes where its post is not published."""
        anchor = place.placement.anchor
        if place.post is None:
            path = self.target.part_path(self.target.pairs_frame(self.site, WHOLE).path, place.part)
            return Entry(f"{self._link(frame, path)}#{quote(anchor)}")
        return self.target.entry(place.post, self.site, page=frame.path, anchor=anchor)

    def _link(self, frame: Frame, path: str) -> str:
        return self.target.url(path, frame.path)

    def lists(self, pages: Sequence[Listed]) -> list[RenderedFile]:
        """The feed and the site map, where it is known at what addresses pages will be."""
        if not self.target.address(SITE_MAP):
            return []
        atom = feed(self.site, pages)
        return [*([atom] if atom else []), site_map(pages)]

    def _card(self, article: Article, frame: Frame, figures: Figures) -> Card:
        first = foremost(article.placements, self.gallery)
        cover = figures.result(first) if first else None
        entry = self.target.entry(article.post, self.site, page=frame.path)
        return Card(article.post.title, article.post, entry, shortened(article.prose.summary, 240), cover)

    def _page(
        self,
        frame: Frame,
        figures: Figures,
        body: str,
        placements: Sequence[Placement],
        *,
        title: str,
        description: str,
        name: str = "",
        post: Post | None = None,
        part: Steps | None = None,
    ) -> Page:
        """A page of pictures. `name` is its title where no other stands beside it, unless that is the same."""
        from markupsafe import Markup

        date = post.date if post else None
        shown = preview(placements, self.gallery, frame.path, self.target.address)
        told = structured_data(
            placements,
            self.gallery,
            self.site,
            lambda path: self.target.address(path) or self.target.url(path, frame.path),
            title=name or title,
            description=description,
            date=date,
            address=shown.address,
            whole=not self.embedded,
        )
        file = self._write(
            frame,
            figures,
            title=title,
            description=description,
            date=date,
            post=post,
            part=part,
            body=Markup(body),
            credits=credited(pictures_of(placements)),
            preview=shown,
            structured_data=Markup(told),
        )
        results = [self.gallery.pairs[placed.pair.id] for placed in pairs_of(placements)]
        painted = [result.result.fallback for result in results if not result.waits]
        images = tuple(dict.fromkeys(self.target.address(image.path) for image in painted))
        return Page(file, Listed(shown.address, title, description, body, date, images))

    def _listing(
        self, frame: Frame, figures: Figures, title: str, first: Iterable[Placement], **context: object
    ) -> Page:
        """A page that leads to others. `first` is what stands for it elsewhere."""
        shown = preview(first, self.gallery, frame.path, self.target.address)
        description = self.site.description
        unsaid = {"date": None, "credits": [], "structured_data": ""}  # the pages that it leads to say it
        file = self._write(frame, figures, title=title, description=description, preview=shown, **unsaid, **context)
        return Page(file, Listed(shown.address, title, description, "", None, ()))

    def _write(self, frame: Frame, figures: Figures, **context: object) -> RenderedFile:
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
            icon=ICON,
            feed=self.target.address(FEED) if has_feed else "",
            sheet=link(SHEET) if self.indexes and frame.path != SHEET else "",
            **context,
        )
        return RenderedFile(frame.path, (frame.preamble + self.target.seal(html)).encode(), figures.shown)

    def _figures(self, frame: Frame) -> Figures:
        return Figures(self.gallery, self.theme, self.target, frame.path)
