"""Seeing that a whole site can be built, before anything is done. Nothing of the store is needed for it."""

from __future__ import annotations

from neural_gallery.corridor.naming import name_clashes
from neural_gallery.errors import InputError, Location
from neural_gallery.pages.pages import Pages
from neural_gallery.site.model import Site


def check(site: Site) -> Pages:
    """The pages of the site, seen to be right. Raises InputError with every problem, sorted by place."""
    pages = Pages(site)
    problems = [*pages.check(), *name_clashes(site, [site.images[name] for name in pages.used().pictures])]
    if problems:
        raise InputError(*sorted(problems, key=lambda problem: (problem.location or Location(""), problem.message)))
    return pages
