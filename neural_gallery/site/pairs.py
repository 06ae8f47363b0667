"""From the manifest's `pairs` to results: combinations written out, names looked up, defaults filled in."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from neural_gallery.errors import Location, abridged
from neural_gallery.site.blends import Blend, BlendResolver
from neural_gallery.site.declared import Declared
from neural_gallery.site.model import Defaults, Init, Pair, Picture, WeightedStyle
from neural_gallery.site.schema import SIDES, PairSection, Settings, merged
from neural_gallery.site.settings import (
    animation_settings,
    cannot_be_sized,
    given_side,
    longest_side,
    paint_settings,
    still_settings,
)
from neural_gallery.site.source import Document, KeyPath
from neural_gallery.site.values import DEVICE_RULE, MAX_PAIRS, NAME_LENGTH, is_device
from neural_gallery.site.wording import listed, subject

MAX_PROBLEMS = 1000  # of pairs in one report


@dataclass
class PairResolver:
    """Resolves the entries of `pairs`; what is wrong with them is told to `declared`."""

    declared: Declared
    blends: BlendResolver
    defaults: Settings
    published: dict[str, tuple[str, Location]] = field(default_factory=dict)  # file names without extension: whose

    def resolve_all(self, sections: Mapping[int, PairSection]) -> tuple[Pair, ...]:
        """Every pair that has no problem. `sections` are the manifest's entries by their index."""
        for name in self.declared.names:
            self.published[name.lower()] = (f"the picture '{name}'", self.document.key_location(("images", name)))
        pairs: list[Pair] = []
        for index, section in sections.items():
            if len(self.declared.problems) > MAX_PROBLEMS:
                break  # nobody reads more at once
            for pair in self._expand(index, section):
                if len(pairs) == MAX_PAIRS:
                    message = f"the manifest asks for more than {MAX_PAIRS} pairs."
                    self._report(self.document.location(("pairs",)), message, "Make fewer combinations.")
                    return tuple(pairs)
                pairs.append(pair)
        return tuple(pairs)

    @property
    def document(self) -> Document:
        """The manifest."""
        return self.declared.document

    def resolve_defaults(self) -> Defaults:
        """What a pair without settings has. What is wrong with that is told even where every pair overrides it."""
        self._has_one_side(("defaults",), self.defaults)
        init, picture = self.declared.start(self.defaults.init, ("defaults", "init")) or (Init.CONTENT, None)
        return Defaults(paint_settings(self.defaults, size=self.defaults.size, init=init), picture)

    def _expand(self, index: int, section: PairSection) -> Iterator[Pair]:
        if not self._is_complete(index, section):
            return
        contents = [
            self.declared.picture(name, "content", self.document.location(path), index)
            for name, path in _references(index, section, "content")
        ]
        blends = [self.blends.blend(style, path, index) for style, path in _references(index, section, "style")]
        for content in contents:
            for blend in blends:
                if content and blend and (pair := self._pair(index, section, content, blend)):
                    yield pair

    def _is_complete(self, index: int, section: PairSection) -> bool:
        """Whether it says which contents and styles it is about; an id that cannot be is reported, too."""
        given, place = section.model_fields_set, self.document.location(("pairs", index))
        complete = self._has_one_side(("pairs", index), section)
        for one, many in (("content", "contents"), ("style", "styles")):
            if (one in given) == (many in given):
                number = f"both '{one}' and '{many}'" if one in given else f"neither '{one}' nor '{many}'"
                self._report(place, f"pair {index + 1} has {number}.", "Give one of the two.")
                complete = False
        several = [many for many in ("contents", "styles") if many in given]
        if several and "id" in given:
            message = f"pair {index + 1} has an id, but stands for several results, by its {listed(several, 'and')}."
            remedy = "Remove the id: each result gets its own, content-style."
            self._report(self.document.location(("pairs", index, "id")), message, remedy)
            complete = False
        return complete

    def _has_one_side(self, path: KeyPath, section: Settings) -> bool:
        """Whether at most one side of the result is given."""
        given = [side for side in SIDES if side in section.model_fields_set]
        if len(given) < 2:
            return True
        names = listed((f"'{side}'" for side in given), "and")
        message = f"{subject(path)}: {names} are given, but only one of them can say how large a result is."
        place = max(self.document.key_location((*path, side)) for side in given)
        self._report(place, message, "Keep one: the other side follows from the content's shape.")
        return False

    def _pair(self, index: int, section: PairSection, content: Picture, blend: Blend) -> Pair | None:
        settings, path = merged(self.defaults, section), ("pairs", index)
        pair_id = section.id or "-".join((content.name, *(style.picture.name for style in blend.styles)))
        size = self._size(path, section, content)
        own_init = "init" in section.model_fields_set
        start = self.declared.start(settings.init, (*path, "init") if own_init else ("defaults", "init"))
        if not self._claim(pair_id, index, section, settings.animation.fps) or size is None or start is None:
            return None
        init, init_picture = start
        pair = Pair(
            id=pair_id,
            content=content,
            styles=blend.styles,
            paint=paint_settings(settings, size=size, init=init),
            animation=animation_settings(settings),
            stills=still_settings(settings),
            show=settings.show,
            alt=section.alt or _default_alt(content, blend.styles),
            caption=section.caption,
            location=self.document.location(path),
            init_picture=init_picture,
        )
        self.blends.check(pair, blend, index)
        self._can_be_encoded(path if "formats" in section.animation.model_fields_set else ("defaults",), settings)
        return pair

    def _can_be_encoded(self, path: KeyPath, settings: Settings) -> None:
        """Tells where a format is asked for whose encoder is not installed; `path` is the entry that asks for it."""
        formats = settings.animation.formats
        if "mp4" in formats and importlib.util.find_spec("imageio_ffmpeg") is None:
            place = self.document.location((*path, "animation", "formats", formats.index("mp4")))
            message = f"{subject((*path, 'animation', 'formats'))} has mp4, which takes imageio-ffmpeg to make."
            self._report(place, message, "Run `pip install 'neural-gallery[video]'`, or leave mp4 out.")

    def _size(self, path: KeyPath, section: PairSection, content: Picture) -> int | None:
        """The longest side of the result; None where the side that is given cannot be."""
        giver, side = given_side(section, self.defaults)
        length = getattr(giver or self.defaults, side)
        if why := cannot_be_sized(content, side, length):
            place = (*path, side) if giver is section else ("defaults", side)
            self._report(self.document.location(place), f"{subject(place)} is {length}, which {why[0]}", why[1])
            return None
        return longest_side(content, side, length)

    def _claim(self, pair_id: str, index: int, section: PairSection, fps: int) -> bool:
        """Take the names under which the pair's files are published; whether they were free.

        Stills and animations come in several formats, so that names must differ without their extensions.
        """
        name, several = f"pair {index + 1}", section.model_fields_set & {"contents", "styles"}
        place = self.document.location(("pairs", index, "id"))
        if len(pair_id) > NAME_LENGTH:
            message = (
                f"{name} would be published as '{abridged(pair_id)}', a name of more than {NAME_LENGTH} characters."
            )
            self._report(place, message, "Use shorter picture names." if several else "Give it a shorter id.")
            return False
        if is_device(pair_id):
            self._report(place, f"{name} would be published as '{pair_id}', a device on Windows.", DEVICE_RULE)
            return False
        stems = (pair_id, f"{pair_id}-{fps}fps")
        for stem in stems:
            if taken := self.published.get(stem.lower()):
                message = f"{name} would be published as '{stem}', a name already taken by {taken[0]} ({taken[1]})."
                remedy = "Write it as an entry with an id of its own." if several else "Give it an id of its own."
                self._report(place, message, remedy)
                return False
        self.published.update(dict.fromkeys((stem.lower() for stem in stems), (name, place)))
        return True

    def _report(self, place: Location, message: str, remedy: str) -> None:
        self.declared.report(place, message, remedy)


def _references(index: int, section: PairSection, one: str) -> Iterator[tuple[Any, KeyPath]]:
    """What stands under `content` or `contents` (`style` or `styles`), and where."""
    many = f"{one}s"
    if many in section.model_fields_set:
        for number, reference in enumerate(getattr(section, many)):
            yield reference, ("pairs", index, many, number)
    else:
        yield getattr(section, one), ("pairs", index, one)


def _default_alt(content: Picture, styles: tuple[WeightedStyle, ...]) -> str:
    names = listed(dict.fromkeys(style.picture.title or style.picture.alt.rstrip(" .") for style in styles), "and")
    return f"{content.alt.rstrip(' .')}, painted in the style of {names}"
