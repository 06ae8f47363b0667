"""What is told of budgets: what was made smaller to keep to them, and what is too large all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from neural_gallery.corridor.fitting import Fitted
from neural_gallery.corridor.naming import AnimationFile
from neural_gallery.errors import Problem
from neural_gallery.site.model import Budgets
from neural_gallery.site.sizes import size
from neural_gallery.store.economy import ECONOMIES, STILL_ECONOMIES


def told_economies(fitted: Fitted, budgets: Budgets) -> Iterator[str]:
    """A sentence for each animation and page that was made smaller, and one for the site."""
    encodings = fitted.encodings
    for file, economy in encodings.economies.items():
        has, left = size(encodings.files[file.path].bytes), economy.told(file.format, file.frames)
        yield f"{_name(file)} has {has}: of {file.frames} frames, {left} are left by the budget of {_most(budgets)}."
    for path, level in fitted.page_levels.items():
        left = f"its stills have {STILL_ECONOMIES[level].told()} by the budget of {size(budgets.page or 0)}"
        yield f"{path} weighs {size(fitted.pages[path])} before any click: {left}."
    if fitted.animations:
        left = ECONOMIES[fitted.animations].told_of_all()
        if fitted.stills:
            left += f", and stills {STILL_ECONOMIES[fitted.stills].told()}"
        yield f"The site has {size(fitted.total)}: {left} by the budget of {size(budgets.site or 0)}."


def over_budget(fitted: Fitted, budgets: Budgets) -> list[Problem]:
    """A problem for each animation and page that cannot be made as small as its budget, and for the site."""
    problems = []
    files = fitted.encodings.files
    for file in fitted.encodings.animations:
        found = files[file.path].bytes
        if budgets.animation is not None and found > budgets.animation:
            message = f"{_name(file)} has {size(found)}, and the budget of an animation is {_most(budgets)}."
            problems.append(Problem(None, message, "Paint the pair smaller, or raise budgets.animation."))
    for path, found in fitted.pages.items():
        if budgets.page is not None and found > budgets.page:
            message = f"{path} weighs {size(found)} before any click, and the budget of a page is {size(budgets.page)}."
            problems.append(Problem(None, message, "Show fewer pictures on it, or raise budgets.page."))
    if budgets.site is not None and fitted.total > budgets.site:
        message = f"the site has {size(fitted.total)}, and its budget is {size(budgets.site)}."
        remedy = "Leave out formats, widths or pairs, or raise budgets.site."
        problems.append(Problem(None, message, remedy))
    return problems


def _name(file: AnimationFile) -> str:
    return PurePosixPath(file.path).name


def _most(budgets: Budgets) -> str:
    return size(budgets.animation or 0)
