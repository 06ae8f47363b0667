"""The styles of a pair: names looked up, weights made to sum to 1, layers and masks seen to fit.

Masks are read only where there are any; a site without them is checked without decoding a picture again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from neural_gallery.errors import PictureError
from neural_gallery.site.declared import Declared
from neural_gallery.site.model import Pair, Picture, WeightedStyle
from neural_gallery.site.pictures import MaskProbe
from neural_gallery.site.schema import StyleSection
from neural_gallery.site.source import KeyPath
from neural_gallery.site.wording import listed, subject

STUDIO_STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
"""Where the studio compares styles unless a pair says otherwise. A test holds it to the studio's own list."""


@dataclass(frozen=True, slots=True)
class Blend:
    """The styles of a pair, and where they stand in the manifest."""

    styles: tuple[WeightedStyle, ...]
    path: KeyPath


@dataclass
class BlendResolver:
    """Resolves what stands under `style`, and checks it beside the rest of the pair."""

    declared: Declared
    probe_masks: Callable[[Sequence[Picture], int, int], MaskProbe]

    def blend(self, style: str | Mapping[str, float | StyleSection], path: KeyPath, index: int) -> Blend | None:
        """The styles of pair `index`; None where one of them cannot be used."""
        if isinstance(style, str):
            picture = self.declared.picture(style, "style", self.declared.document.location(path), index)
            return Blend((WeightedStyle(picture, 1.0),), path) if picture else None
        total = sum(one.weight if isinstance(one, StyleSection) else one for one in style.values())
        styles = [self._style(name, one, total, (*path, name), index) for name, one in style.items()]
        sound = tuple(one for one in styles if one)
        return Blend(sound, path) if len(sound) == len(styles) else None

    def check(self, pair: Pair, blend: Blend, index: int) -> None:
        """See that the styles' layers and masks fit the pair that they are part of."""
        self._check_layers(pair, blend, index)
        shapes_fit = True
        for style in blend.styles:
            for key, mask, whole in (
                ("mask", style.mask, pair.content),
                ("style_mask", style.style_mask, style.picture),
            ):
                if mask and not same_shape(mask, whole):
                    self._tell_shape(mask, whole, (*blend.path, style.picture.name, key))
                    shapes_fit = False
        if shapes_fit:
            try:
                self._check_masks(pair, blend, index)
                self._check_style_masks(blend)
            except PictureError as error:  # a file that went away since it was probed
                self.declared.problems.extend(error.problems)

    def _style(
        self, name: str, written: float | StyleSection, total: float, path: KeyPath, index: int
    ) -> WeightedStyle | None:
        document = self.declared.document
        picture = self.declared.picture(name, "style", document.key_location(path), index)
        if not isinstance(written, StyleSection):
            return picture and WeightedStyle(picture, written / total)
        names = {"mask": written.mask, "style_mask": written.style_mask}
        masks = {
            key: self.declared.picture(name, key.replace("_", " "), document.location((*path, key)), index)
            for key, name in names.items()
            if name is not None
        }
        if picture is None or None in masks.values():
            return None
        return WeightedStyle(
            picture,
            written.weight / total,
            layers=tuple(sorted(set(written.layers or ()))),
            mask=masks.get("mask"),
            style_mask=masks.get("style_mask"),
        )

    def _check_layers(self, pair: Pair, blend: Blend, index: int) -> None:
        """Every layer that a style is restricted to is one where styles are compared, and each of those has a style."""
        if not any(style.layers for style in blend.styles):
            return
        used = [layer for layer, _ in pair.paint.style_layers] or STUDIO_STYLE_LAYERS
        for style in blend.styles:
            if strangers := [layer for layer in style.layers if layer not in used]:
                path = (*blend.path, style.picture.name, "layers")
                message = f"{subject(path)} has {listed(strangers, 'and')}, where no style is compared."
                remedy = f"Choose among {listed(used, 'and')}, or set 'style_layers'."
                self._report(path, message, remedy)
        bare = [layer for layer in used if all(style.layers and layer not in style.layers for style in blend.styles)]
        if bare:
            message = f"pair {index + 1}: none of its styles counts at {listed(bare, 'and')}."
            remedy = "Add what is missing to the layers of a style, or leave it out with 'style_layers'."
            self._report(blend.path, message, remedy)

    def _check_masks(self, pair: Pair, blend: Blend, index: int) -> None:
        """None is black throughout, and nowhere do they add up to more than white."""
        masked = [(style.picture.name, style.mask) for style in blend.styles if style.mask]
        unique = {(mask.sha256, mask.crop): mask for _, mask in masked}
        if not unique:
            return
        masks = [*unique.values()]
        seen = self.probe_masks(masks, pair.width, pair.height)
        black = [masks[number] for number in seen.black]
        for name, mask in masked:
            if unique[mask.sha256, mask.crop] in black:
                self._tell_black(mask, (*blend.path, name, "mask"), f"the style '{name}' would go nowhere")
        if seen.excess:
            names = listed((f"'{mask.name}'" for mask in masks), "and")
            left, top = seen.place
            message = (
                f"pair {index + 1}: the masks {names} add up to {100 + seen.excess:.0f}% of white {left:.0f}% from the "
                f"left and {top:.0f}% from the top, and are above it on {seen.area:.3g}% of the picture."
            )
            self._report(blend.path, message, "Darken them there: together they may be as bright as white.")

    def _check_style_masks(self, blend: Blend) -> None:
        for style in blend.styles:
            mask, picture = style.style_mask, style.picture
            if mask and self.probe_masks([mask], picture.width, picture.height).black:
                path = (*blend.path, picture.name, "style_mask")
                self._tell_black(mask, path, f"nothing of the style '{picture.name}' would count")

    def _tell_black(self, mask: Picture, path: KeyPath, effect: str) -> None:
        message = f"{subject(path)}: '{mask.name}' is black throughout, so that {effect}."
        self._report(path, message, "Make white what is to count.")

    def _tell_shape(self, mask: Picture, whole: Picture, path: KeyPath) -> None:
        width, height = whole.fitted(max(mask.width, mask.height))
        message = (
            f"{subject(path)}: '{mask.name}' has {mask.width} x {mask.height} pixels, "
            f"another shape than the {whole.width} x {whole.height} of '{whole.name}'."
        )
        self._report(path, message, f"Make it {width} x {height} pixels, or another size of that shape.")

    def _report(self, path: KeyPath, message: str, remedy: str) -> None:
        self.declared.report(self.declared.document.location(path), message, remedy)


def same_shape(mask: Picture, whole: Picture) -> bool:
    """Whether a mask has the aspect ratio of a picture, but for one pixel of one of its sides."""
    # Both sides of `mask.height == mask.width * whole.height / whole.width`, multiplied out, and the same of the width.
    off = abs(mask.height * whole.width - mask.width * whole.height)
    return off <= max(whole.width, whole.height)
