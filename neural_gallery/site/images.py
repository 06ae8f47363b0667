"""From the manifest's `images` to pictures: files found and looked at, parts of pictures worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from neural_gallery.errors import InputError, ManifestError, Problem, did_you_mean
from neural_gallery.site.model import Crop, Picture
from neural_gallery.site.paths import Folder
from neural_gallery.site.pictures import SMALLEST, Probe, too_small
from neural_gallery.site.schema import ImageSection
from neural_gallery.site.source import Document
from neural_gallery.site.values import DEVICE_RULE, is_device


@dataclass
class ImageResolver:
    """Resolves each image once, after the image that it is a part of. `declared` names the broken images as well."""

    document: Document
    folder: Folder
    sections: Mapping[str, ImageSection]
    declared: frozenset[str]
    probe: Callable[..., Probe]
    problems: list[Problem] = field(default_factory=list)
    pictures: dict[str, Picture | None] = field(default_factory=dict)  # None: its problem has been told

    def resolve_all(self) -> dict[str, Picture]:
        """Every picture that has no problem, in the manifest's order."""
        self._check_names()
        for wanted in self.sections:
            for name in self._chain(wanted):
                try:
                    self.pictures[name] = self._picture(name, self.sections[name])
                except InputError as error:
                    self.problems.extend(error.problems)
                    self.pictures[name] = None
        return {name: picture for name in self.sections if (picture := self.pictures[name])}

    def _check_names(self) -> None:
        first: dict[str, str] = {}
        for name in self.sections:
            if is_device(name):
                place = self.document.key_location(("images", name))
                message = f"the name '{name}' is that of a device on Windows."
                self.problems.append(Problem(place, message, DEVICE_RULE))
            other = first.setdefault(name.lower(), name)
            if other != name:
                place = self.document.key_location(("images", other))
                message = f"the names '{name}' and '{other}' ({place}) differ only in capital letters."
                remedy = "Rename one: some file systems cannot tell their files apart."
                self.problems.append(Problem(self.document.key_location(("images", name)), message, remedy))

    def _chain(self, name: str) -> list[str]:
        """The images to resolve for `name`: those that it is a part of, outermost first, and itself."""
        chain = [name] if name not in self.pictures else []
        while chain:
            section = self.sections[chain[-1]]
            other = section.from_
            if "file" in section.model_fields_set or other not in self.sections or other in self.pictures:
                break
            if other in chain:
                circle = " -> ".join((*chain[chain.index(other) :], other))
                error = self._error(
                    chain[-1], "from", f"images.{other} is a part of itself: {circle}.", "Name a file instead."
                )
                self.problems.extend(error.problems)
                self.pictures.update(dict.fromkeys(chain))
                return []
            chain.append(other)
        return chain[::-1]

    def _picture(self, name: str, section: ImageSection) -> Picture | None:
        given = section.model_fields_set
        if ("file" in given) == ("from_" in given):
            number = "both 'file' and 'from'" if "file" in given else "neither 'file' nor 'from'"
            raise self._error(name, "", f"images.{name} has {number}.", "Give one of the two.")
        whole = self._part(name, section) if "from_" in given else self._whole(name, section)
        if whole is None or "crop" not in given:
            return whole
        return self._cropped(name, whole, Crop(*section.crop))

    def _whole(self, name: str, section: ImageSection) -> Picture:
        key = ("images", name, "file")
        path = self.folder.resolve(section.file, key, self.document)
        found = self.probe(path, self.document.location(key), name=section.file)
        return Picture(
            name=name,
            path=path,
            file=section.file,
            sha256=found.sha256,
            crop=None,
            width=found.width,
            height=found.height,
            has_alpha=found.has_alpha,
            alt=section.alt,
            title=section.title,
            credit=section.credit,
            license=section.license,
            source=section.source,
            location=self.document.key_location(("images", name)),
        )

    def _part(self, name: str, section: ImageSection) -> Picture | None:
        """The picture that this one is a part of, with this one's name and words; words not given are inherited."""
        other = section.from_
        if other not in self.declared:
            message = f"images.{name} is a part of '{other}', which is not declared under images."
            remedy = did_you_mean(other, self.declared - {name}) or "Declare it there, or correct the name."
            raise self._error(name, "from", message, remedy)
        if "crop" not in section.model_fields_set:
            message = f"images.{name} is a part of '{other}', but does not say which part."
            raise self._error(name, "from", message, "Add 'crop: [left, top, width, height]'.")
        whole = self.pictures.get(other)
        return whole and replace(
            whole,
            name=name,
            alt=section.alt,
            title=section.title or whole.title,
            credit=section.credit or whole.credit,
            license=section.license or whole.license,
            source=section.source or whole.source,
            location=self.document.key_location(("images", name)),
        )

    def _cropped(self, name: str, whole: Picture, crop: Crop) -> Picture:
        right, bottom = crop.left + crop.width, crop.top + crop.height
        if right > whole.width or bottom > whole.height:
            message = (
                f"images.{name}: the crop reaches to {right} x {bottom}, "
                f"but the picture has {whole.width} x {whole.height} pixels."
            )
            raise self._error(name, "crop", message, "Write a [left, top, width, height] that lies inside it.")
        if too_small(crop.width, crop.height):
            message = f"images.{name}: the crop has only {crop.width} x {crop.height} pixels."
            raise self._error(name, "crop", message, SMALLEST)
        outer = whole.crop or Crop(0, 0, whole.width, whole.height)
        inner = Crop(outer.left + crop.left, outer.top + crop.top, crop.width, crop.height)
        return replace(whole, crop=inner, width=inner.width, height=inner.height)

    def _error(self, name: str, key: str, message: str, remedy: str) -> ManifestError:
        path = ("images", name)
        place = self.document.location((*path, key)) if key else self.document.key_location(path)
        return ManifestError(Problem(place, message, remedy))
