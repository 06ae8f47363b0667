"""The theme: Jinja templates, and static files that are copied as they are.

A user's theme folder (`templates/`, `static/`) overrides the default theme file by file, and its templates may extend
the ones they replace: `{% extends "!default/page.html" %}`.
"""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from neural_gallery.errors import Location, Problem, ThemeError, did_you_mean
from neural_gallery.pages.prose import caption_html

if TYPE_CHECKING:
    from jinja2 import BytecodeCache, Environment

DEFAULT = "!default"
ICON = "icon.svg"
"""What browsers show beside a page's title, below `static/`."""


def default_theme() -> Path:
    """The folder of the default theme: inside an installed package, or the root of a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "default_theme"
    return installed if installed.is_dir() else package.parent


class Theme:
    """The default theme, overlaid by a user's folder if there is one. `root` is where messages name files from."""

    def __init__(self, folder: Path | None, *, root: Path) -> None:
        self._folders = [*([folder] if folder else []), default_theme()]
        self._root = root

    def render(self, template: str, /, **context: object) -> str:
        """The template with its context filled in. Raises ThemeError."""
        import jinja2

        try:
            return self._environment.get_template(template).render(context)
        except jinja2.TemplateSyntaxError as error:
            location = self.location(Path(error.filename or template), error.lineno)
            raise ThemeError(Problem(location, f"{error.message or 'The template cannot be read'}.")) from error
        except jinja2.TemplateNotFound as error:
            raise ThemeError(self._not_found(error, template)) from error
        except jinja2.UndefinedError as error:
            raise ThemeError(Problem(self._raised_at(error), f"{error.message}.")) from error
        except (jinja2.TemplateError, RecursionError) as error:
            raise ThemeError(Problem(self._raised_at(error), f"the template failed: {error}.")) from error
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise ThemeError(Problem(self._raised_at(error), f"the template failed: {error}.")) from error

    def source(self, template: str) -> str:
        """A template's text, for files that are copied as they are."""
        for folder in self._folders:
            path = folder / "templates" / template
            if path.is_file():
                return path.read_text(encoding="utf-8")
        raise FileNotFoundError(template)

    def static_files(self, *, embedded: bool = False) -> Iterator[tuple[str, Path]]:
        """Path below `static/` and file, for every static file of the theme, sorted; hidden files are left out.

        `embedded`: for figures on somebody else's pages, which have an icon of their own.
        """
        found: dict[str, Path] = {}
        for folder in reversed(self._folders):
            static = folder / "static"
            for path in static.rglob("*"):
                relative = path.relative_to(static)
                if path.is_file() and not any(part.startswith(".") for part in relative.parts):
                    found[relative.as_posix()] = path
        if embedded:
            found.pop(ICON, None)
        yield from sorted(found.items())

    def digest(self) -> str:
        """SHA-256 over the names and the contents of all files of the theme, hexadecimal."""
        found = hashlib.sha256()
        for number, folder in enumerate(self._folders):
            for part in ("templates", "static"):
                for path in sorted(path for path in (folder / part).rglob("*") if path.is_file()):
                    name = path.relative_to(folder).as_posix()
                    found.update(os.fsencode(f"{number} {name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n"))
        return found.hexdigest()

    @cached_property
    def _environment(self) -> Environment:
        import jinja2

        loaders = [jinja2.FileSystemLoader(folder / "templates") for folder in self._folders]
        environment = jinja2.Environment(
            loader=jinja2.ChoiceLoader([jinja2.PrefixLoader({DEFAULT: loaders[-1]}), *loaders]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            bytecode_cache=_compiled(),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        environment.filters.update(caption=_caption, day=_day, duration=_duration, share=_share)
        return environment

    def location(self, file: Path, line: int = 0) -> Location:
        """A place in a file of the theme, as messages name it."""
        inside = file.is_relative_to(self._root)
        return Location(file.relative_to(self._root).as_posix() if inside else str(file), line)

    def _raised_at(self, error: BaseException) -> Location | None:
        """The innermost line of a template in the traceback: Jinja writes templates into it as if they were code."""
        location = None
        trace = error.__traceback__
        while trace is not None:
            file = Path(trace.tb_frame.f_code.co_filename)
            if any(file.is_relative_to(folder / "templates") for folder in self._folders):
                location = self.location(file, trace.tb_lineno)
            trace = trace.tb_next
        return location

    def _not_found(self, error: Exception, template: str) -> Problem:
        name = str(getattr(error, "name", None) or template)
        remedy = did_you_mean(name, self._environment.list_templates())
        return Problem(self._raised_at(error), f"there is no template '{name}'.", remedy)


@cache
def _compiled() -> BytecodeCache:
    """What templates are compiled to, kept for the next theme of this process: `serve` renders again and again.

    Jinja looks at the source each time, so a template that has changed is compiled anew.
    """
    import jinja2

    class Memory(jinja2.BytecodeCache):
        kept: dict[str, bytes] = {}  # noqa: RUF012  (there is one)

        def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
            if bucket.key in self.kept:
                bucket.bytecode_from_string(self.kept[bucket.key])

        def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
            self.kept[bucket.key] = bucket.bytecode_to_string()

    return Memory()


def _caption(text: str) -> object:
    """Filter: inline Markdown as HTML."""
    from markupsafe import Markup

    return Markup(caption_html(text))


def _day(moment: datetime.datetime, language: str) -> str:
    """Filter: a date for readers, in words where the page is in English."""
    if language.lower().split("-")[0] == "en":
        return f"{moment.day} {moment:%B} {moment.year}"
    return moment.date().isoformat()


def _duration(seconds: object) -> str:
    """Filter: seconds for readers, `48 s`, `3 min 20 s`."""
    if not isinstance(seconds, int | float):
        return str(seconds)
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{max(1, rest)} s"


def _share(weight: float) -> str:
    """Filter: a share of 1 in percent, `67 %`."""
    return f"{100 * weight:.0f} %"
