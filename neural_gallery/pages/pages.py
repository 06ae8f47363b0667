"""The pages of a site: what its posts ask for, what is wrong with them, and the files that they become.

`Pages(site)` reads the posts once, when it is first asked for something. Nothing here touches the output folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from neural_gallery.errors import InputError, Location, Problem
from neural_gallery.pages.articles import Article, newest_first
from neural_gallery.pages.identity import digest_of
from neural_gallery.pages.indexes import Indexes, Place, indexes
from neural_gallery.pages.parts import part_of
from neural_gallery.pages.placements import (
    GalleryPlacement,
    PicturePlacement,
    Placement,
    left_of,
    pairs_of,
    place_pair,
)
from neural_gallery.pages.prose import read_prose
from neural_gallery.pages.rendering import SiteRenderer
from neural_gallery.pages.targets import PageTarget, target_for
from neural_gallery.pages.theme import Theme
from neural_gallery.pages.views import Gallery, RenderedFile
from neural_gallery.site.model import Site


@dataclass(frozen=True, slots=True)
class Used:
    """What pages show: the only pictures and pairs that need to be published."""

    pictures: tuple[str, ...]  # names of source pictures, in the manifest's order
    pairs: tuple[str, ...]  # ids, in the manifest's order


class Pages:
    """All pages of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._target = target_for(site)
        self._theme = Theme(site.theme, root=site.root)

    def check(self) -> list[Problem]:
        """Everything about posts, their blocks and the theme's files that cannot be published, sorted by place."""
        problems = [problem for article in self._articles for problem in article.prose.problems]
        problems += self._target.check(self._site, sheet=self._indexes(self._target) is not None)
        remedy = "Jekyll takes no name that begins with '.', '_', '#' or '~' or ends with '~': rename the file."
        for path, file in self._theme.static_files():
            if self._target.refuses(path):
                problems.append(Problem(self._theme.location(file), "this file would not be published.", remedy))
        return sorted(problems, key=lambda problem: (problem.location or Location(""), problem.message))

    def used(self) -> Used:
        """What has to be published for these pages."""
        return self._used

    @cached_property
    def _used(self) -> Used:
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
        listed = self._indexes(target)
        site = SiteRenderer(self._site, gallery, self._theme, target, embedded=existing_site, indexes=listed)
        pages = [site.article(article) for article in self._articles]
        pages += site.index(newest_first(self._articles)) if self._articles else site.pairs(pairs_of(self._all_pairs))
        if site.indexes:
            pages += site.sheet(site.indexes)
            for kin in site.indexes.kin:
                pages += site.kin(kin)
        files = [page.file for page in pages]
        files += site.lists([page.listed for page in pages])
        files += [self._copied(name) for name in target.site_templates(self._site)]
        files += target.site_files(self._site)
        static = self._theme.static_files(embedded=existing_site)
        files += [RenderedFile(f"static/{path}", file.read_bytes()) for path, file in static]
        return files

    def digest(self, gallery: Gallery, *, existing_site: bool) -> str:
        """SHA-256 over all that `render` makes files of; "" where that cannot be told."""
        return digest_of(self._site, gallery, self._theme.digest(), existing_site)

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

    def _indexes(self, target: PageTarget) -> Indexes | None:
        """The pages that nobody wrote; None where there are none."""
        return indexes(self._site.pairs, self._places()) if self._site.indexes and target.has_listings else None

    def _places(self) -> dict[str, Place]:
        """Where each result is shown for the first time, by id."""
        if not self._articles:
            size = self._site.pairs_per_page
            every = enumerate(pairs_of(self._all_pairs))
            return {placement.pair.id: Place(None, placement, part_of(index, size)) for index, placement in every}
        places: dict[str, Place] = {}
        for article in self._articles:
            for placement in pairs_of(article.placements):
                places.setdefault(placement.pair.id, Place(article.post, placement))
        return places

    def _copied(self, name: str) -> RenderedFile:
        return RenderedFile(name, self._theme.source(f"jekyll/{name}").encode())
