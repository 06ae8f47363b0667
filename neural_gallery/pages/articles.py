"""Posts, read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neural_gallery.pages.placements import Placement
from neural_gallery.pages.prose import Prose, shortened
from neural_gallery.site.model import Post


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


def newest_first(articles: Sequence[Article]) -> list[Article]:
    """Dated posts from the newest on, then the others in the manifest's order."""
    dated = [article for article in articles if article.post.date is not None]
    undated = [article for article in articles if article.post.date is None]
    return sorted(dated, key=lambda a: a.post.date.timestamp() if a.post.date else 0.0, reverse=True) + undated
