"""What a block asks for: which pair or picture is placed on the page, and how; and what is wrong where it cannot be.

`pair | ID`, `picture | NAME` and `gallery | TERMS` become the records below. A gallery's terms are `all`,
`content=NAME` and `style=NAME`, joined by spaces: terms of one kind widen the choice, those of two kinds narrow it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from neural_gallery.errors import abridged, did_you_mean
from neural_gallery.pages.headers import Header, Option
from neural_gallery.site.model import Pair, Picture, Show, Site

OPTIONS = {
    "pair": ("show", "caption", "alt", "left_alt", "id"),
    "picture": ("caption", "alt", "width", "id"),
    "gallery": ("show",),
}
WIDEST = 4096  # the greatest width in pixels at which a block shows a picture
_LISTED = 12  # as many names fit into a message


@dataclass(frozen=True, slots=True)
class PairPlacement:
    """A pair on a page."""

    pair: Pair
    show: Show
    caption: str  # inline Markdown
    alt: str  # of the result
    left_alt: str  # of the picture at its left
    anchor: str  # the figure's id


@dataclass(frozen=True, slots=True)
class PicturePlacement:
    """A source picture on a page, by itself."""

    picture: Picture
    caption: str  # inline Markdown
    alt: str
    width: int  # at which it is displayed, pixels
    anchor: str  # the figure's id, "" for none


@dataclass(frozen=True, slots=True)
class GalleryPlacement:
    """Several pairs on a page."""

    pairs: tuple[PairPlacement, ...]


Placement: TypeAlias = PairPlacement | PicturePlacement | GalleryPlacement
Report: TypeAlias = Callable[[int, int, str, str], None]  # line, column, message, remedy


def place_pair(pair: Pair, *, show: Show | None = None) -> PairPlacement:
    """A pair placed as the manifest has it."""
    show = show or pair.show
    return PairPlacement(pair, show, pair.caption, pair.alt, _left(pair, show).alt, pair.id)


def left_of(placement: PairPlacement) -> Picture:
    """The picture that stands at the left of the result."""
    return _left(placement.pair, placement.show)


def pairs_of(placements: Iterable[Placement]) -> list[PairPlacement]:
    """Every pair placed, in the order of the page."""
    found: list[PairPlacement] = []
    for placement in placements:
        if isinstance(placement, PairPlacement):
            found.append(placement)
        elif isinstance(placement, GalleryPlacement):
            found.extend(placement.pairs)
    return found


def read_placement(header: Header, site: Site, report: Report) -> Placement | None:
    """The placement that a block's header asks for, or None where something is wrong, which is then reported."""
    if header.flaw is not None:
        flaw = header.flaw
        report(flaw.line, flaw.column, flaw.message, flaw.remedy)
        return None
    known = OPTIONS[header.name]
    for name, option in header.options.items():
        if name not in known:
            remedy = did_you_mean(name, known) or f"Its options are {_listed(known)}."
            report(option.line, option.column, f"a {header.name} block has no option '{abridged(name)}'.", remedy)
    readers = {"pair": _read_pair, "picture": _read_picture, "gallery": _read_gallery}
    return readers[header.name](header, site, report)


def _read_pair(header: Header, site: Site, report: Report) -> PairPlacement | None:
    shown = _read_show(header, report)
    pair = site.pairs_by_id.get(header.argument)
    if pair is None:
        _report_unknown(header, "pair", site.pairs_by_id, report)
        return None
    show = shown or pair.show
    caption, alt, left_alt, anchor = (_text(header, name) for name in ("caption", "alt", "left_alt", "id"))
    return PairPlacement(
        pair,
        show,
        pair.caption if caption is None else caption,
        pair.alt if alt is None else alt,
        _left(pair, show).alt if left_alt is None else left_alt,
        anchor or pair.id,
    )


def _read_picture(header: Header, site: Site, report: Report) -> PicturePlacement | None:
    width = _read_width(header, report)
    picture = site.images.get(header.argument)
    if picture is None:
        _report_unknown(header, "picture", site.images, report)
        return None
    caption, alt, anchor = (_text(header, name) for name in ("caption", "alt", "id"))
    return PicturePlacement(
        picture,
        caption or "",
        picture.alt if alt is None else alt,
        width or picture.fitted(_usual_size(picture, site))[0],
        anchor or "",
    )


def _read_gallery(header: Header, site: Site, report: Report) -> GalleryPlacement | None:
    show = _read_show(header, report)
    wanted: dict[str, set[str]] = {}
    for term in header.argument.split():
        kind, _, name = term.partition("=")
        if term == "all":
            continue
        if kind not in ("content", "style") or not name:
            remedy = "A gallery is chosen by `all`, or by terms like `style=NAME` and `content=NAME`."
            report(header.line, header.column, f"a gallery cannot be chosen by '{abridged(term)}'.", remedy)
            return None
        usable = [known for pair in site.pairs for known in _names(pair, kind)]
        if name not in usable:
            message = f"no pair has the {kind} '{abridged(name)}'."
            report(header.line, header.column, message, _unknown_remedy(name, dict.fromkeys(usable), f"{kind}s"))
            return None
        wanted.setdefault(kind, set()).add(name)
    chosen = [p for p in site.pairs if all(names & _names(p, kind) for kind, names in wanted.items())]
    if not chosen:
        remedy = "Terms of different kinds are combined: a pair must satisfy both."
        report(header.line, header.column, f"no pair is chosen by '{abridged(header.argument)}'.", remedy)
        return None
    return GalleryPlacement(tuple(place_pair(pair, show=show) for pair in chosen))


def _left(pair: Pair, show: Show) -> Picture:
    if show is Show.CONTENT:
        return pair.content
    return max(pair.styles, key=lambda style: style.weight).picture


def _names(pair: Pair, kind: str) -> set[str]:
    return {pair.content.name} if kind == "content" else {style.picture.name for style in pair.styles}


def _usual_size(picture: Picture, site: Site) -> int:
    """The longest side at which results made with this picture are shown, but never more than the picture has."""
    pairs = site.pairs_by_picture.get(picture.name, site.pairs)
    return min(max((pair.paint.size for pair in pairs), default=400), max(picture.width, picture.height))


def _text(header: Header, name: str) -> str | None:
    option = header.options.get(name)
    return None if option is None else option.value.strip()


def _read_show(header: Header, report: Report) -> Show | None:
    option = header.options.get("show")
    if option is None:
        return None
    if option.value not in list(Show):
        remedy = did_you_mean(option.value, list(Show)) or "Write `content` or `style`."
        _report_value(option, f"'{abridged(option.value)}' is not a picture to show.", remedy, report)
        return None
    return Show(option.value)


def _read_width(header: Header, report: Report) -> int | None:
    option = header.options.get("width")
    if option is None:
        return None
    digits = option.value if option.value.isascii() and option.value.isdigit() else ""
    if not digits or len(digits) > 4 or not 1 <= int(digits) <= WIDEST:
        remedy = f"Write a whole number of pixels from 1 to {WIDEST}."
        _report_value(option, f"'{abridged(option.value)}' is not a width.", remedy, report)
        return None
    return int(digits)


def _report_value(option: Option, message: str, remedy: str, report: Report) -> None:
    report(option.line, option.value_column, message, remedy)


def _report_unknown(header: Header, kind: str, known: Iterable[str], report: Report) -> None:
    if not header.argument:
        message, remedy = f"the {kind} block does not say which {kind}.", f"Write `/// {kind} | NAME`."
    else:
        message = f"there is no {kind} '{abridged(header.argument)}'."
        remedy = _unknown_remedy(header.argument, known, f"{kind}s")
    report(header.line, header.column, message, remedy)


def _unknown_remedy(name: str, known: Iterable[str], kinds: str) -> str:
    names = list(known)
    if near := did_you_mean(name, names):
        return near
    if not names:
        return f"The manifest declares no {kinds}."
    more = "" if len(names) <= _LISTED else f", and {len(names) - _LISTED} more"
    return f"The {kinds} are {_listed(names[:_LISTED])}{more}."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
