"""What is told of budgets: what was made smaller to keep to them, and what is too large all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from neural_gallery.corridor.encoding import Encodings
from neural_gallery.corridor.naming import AnimationFile
from neural_gallery.errors import Problem
from neural_gallery.site.model import Budgets
from neural_gallery.site.sizes import size


def told_economies(encodings: Encodings, budgets: Budgets) -> Iterator[str]:
    """A sentence for each animation that was made smaller."""
    for file, economy in encodings.economies.items():
        has, left = size(encodings.files[file.path].bytes), economy.told(file.format, file.frames)
        yield f"{_name(file)} has {has}: of {file.frames} frames, {left} are left by the budget of {_most(budgets)}."


def over_budget(encodings: Encodings, budgets: Budgets) -> list[Problem]:
    """A problem for each animation that cannot be made as small as its budget."""
    problems = []
    for file in encodings.economies:
        found = encodings.files[file.path].bytes
        if budgets.animation is not None and found > budgets.animation:
            message = f"{_name(file)} has {size(found)}, and the budget of an animation is {_most(budgets)}."
            problems.append(Problem(None, message, "Paint the pair smaller, or raise budgets.animation."))
    return problems


def _name(file: AnimationFile) -> str:
    return PurePosixPath(file.path).name


def _most(budgets: Budgets) -> str:
    return size(budgets.animation or 0)
