"""From the manifest's `pairs` to results: combinations written out, names looked up, defaults filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from neural_gallery.errors import Location, Problem, did_you_mean
from neural_gallery.site.model import AnimationSettings, PaintSettings, Pair, Picture, StillSettings, WeightedStyle
from neural_gallery.site.schema import NAME_LENGTH, PairSection, Settings, merged
from neural_gallery.site.source import Document, KeyPath, abridged
from neural_gallery.site.wording import listed

MAX_PAIRS = 10_000
_STILL_FORMATS = ("avif", "webp", "png")  # browsers take the first that they know: the smallest files first


@dataclass
class PairResolver:
    """Resolves the entries of `pairs`. `declared` names the broken images as well."""

    document: Document
    defaults: Settings
    pictures: Mapping[str, Picture]
    declared: frozenset[str]
    problems: list[Problem] = field(default_factory=list)
    published: dict[str, tuple[str, Location]] = field(default_factory=dict)  # file names without extension: whose

    def resolve_all(self, sections: Mapping[int, PairSection]) -> tuple[Pair, ...]:
        """Every pair that has no problem. `sections` are the manifest's entries by their index."""
        for name in self.declared:
            self.published[name.lower()] = (f"the picture '{name}'", self.document.key_location(("images", name)))
        pairs: list[Pair] = []
        for index, section in sections.items():
            for pair in self._expand(index, section):
                if len(pairs) == MAX_PAIRS:
                    message = f"the manifest asks for more than {MAX_PAIRS} pairs."
                    self._report(self.document.location(("pairs",)), message, "Make fewer combinations.")
                    return tuple(pairs)
                pairs.append(pair)
        return tuple(pairs)

    def _expand(self, index: int, section: PairSection) -> Iterator[Pair]:
        if not self._is_complete(index, section):
            return
        contents = [
            self._picture(name, "content", self.document.location(path), index)
            for name, path in _references(index, section, "content")
        ]
        blends = [self._blend(style, path, index) for style, path in _references(index, section, "style")]
        for content in contents:
            for blend in blends:
                if content and blend and (pair := self._pair(index, section, content, blend)):
                    yield pair

    def _is_complete(self, index: int, section: PairSection) -> bool:
        """Whether it says which contents and styles it is about; an id that cannot be is reported, too."""
        given, place, complete = section.model_fields_set, self.document.location(("pairs", index)), True
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

    def _picture(self, name: str, role: str, place: Location, index: int) -> Picture | None:
        if name not in self.declared:
            message = f"pair {index + 1} names the {role} '{abridged(name)}', which is not declared under images."
            self._report(place, message, did_you_mean(name, self.declared) or "Declare it there, or correct the name.")
        return self.pictures.get(name)

    def _blend(self, style: str | dict[str, float], path: KeyPath, index: int) -> tuple[WeightedStyle, ...]:
        """The styles with weights that sum to 1; empty where one of them cannot be used."""
        if isinstance(style, str):
            pictures = [self._picture(style, "style", self.document.location(path), index)]
            weights = [1.0]
        else:
            places = [self.document.key_location((*path, name)) for name in style]
            pictures = [self._picture(name, "style", place, index) for name, place in zip(style, places, strict=True)]
            total = sum(style.values())
            weights = [weight / total for weight in style.values()]
        sound = [picture for picture in pictures if picture]
        if len(sound) < len(pictures):
            return ()
        return tuple(WeightedStyle(picture, weight) for picture, weight in zip(sound, weights, strict=True))

    def _pair(
        self, index: int, section: PairSection, content: Picture, styles: tuple[WeightedStyle, ...]
    ) -> Pair | None:
        settings = merged(self.defaults, section)
        pair_id = section.id or "-".join((content.name, *(style.picture.name for style in styles)))
        if not self._claim(pair_id, index, section, settings.animation.fps):
            return None
        return Pair(
            id=pair_id,
            content=content,
            styles=styles,
            paint=_paint_settings(settings),
            animation=_animation_settings(settings),
            stills=_still_settings(settings),
            show=settings.show,
            alt=section.alt or _default_alt(content, styles),
            caption=section.caption,
            location=self.document.location(("pairs", index)),
        )

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
        self.problems.append(Problem(place, message, remedy))


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


def _paint_settings(settings: Settings) -> PaintSettings:
    return PaintSettings(
        size=settings.size,
        quality=settings.quality,
        strength=settings.strength,
        colors=settings.colors,
        init=settings.init,
        style_scale=settings.style_scale,
        seed=settings.seed,
    )


def _animation_settings(settings: Settings) -> AnimationSettings:
    animation = settings.animation
    formats = dict.fromkeys(("gif", *animation.formats))  # pages link to the GIF: it is always made
    return AnimationSettings(fps=animation.fps, frames=animation.frames, formats=tuple(formats))


def _still_settings(settings: Settings) -> StillSettings:
    stills = settings.stills
    formats = tuple(form for form in _STILL_FORMATS if form in stills.formats)
    return StillSettings(formats=formats, widths=tuple(sorted(set(stills.widths))))
