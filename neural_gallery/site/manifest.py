"""`site.yaml` and all that it names, read and checked in one go.

Nothing is painted, written or guessed here. Whatever is wrong with the manifest, with its pictures or with its posts'
front matter is collected, and told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neural_gallery.errors import InputError, Location, ManifestError, PostError, Problem, abridged
from neural_gallery.folders import STORE_FOLDER
from neural_gallery.site.blends import BlendResolver
from neural_gallery.site.declared import Declared
from neural_gallery.site.images import ImageResolver
from neural_gallery.site.memory import ProbeCache
from neural_gallery.site.model import Budgets, Defaults, Pair, Picture, Post, Quality, Site, Target, WeightsFile
from neural_gallery.site.pairs import PairResolver
from neural_gallery.site.paths import Folder, absolute, exists, is_folder
from neural_gallery.site.pictures import MaskProbe, Probe, file_sha256, probe, probe_masks
from neural_gallery.site.posts import read_post
from neural_gallery.site.schema import BudgetsSection
from neural_gallery.site.sizes import bytes_of
from neural_gallery.site.source import Document, KeyPath, compose, read_text
from neural_gallery.site.validation import Sound, validate
from neural_gallery.site.values import MAX_CROP
from neural_gallery.site.weights import find_weights

_POST_EXTENSIONS = (".md", ".markdown")


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line decides instead of the manifest; None leaves it to the manifest."""

    target: Target | None = None
    quality: Quality | None = None


def load_site(
    manifest: Path,
    *,
    overrides: Overrides = Overrides(),
    allow_outside: bool = False,
    cache: ProbeCache | None = None,
) -> Site:
    """The site that a manifest describes: every name and default resolved, every picture seen to be whole.

    `allow_outside` lets paths lead out of the manifest's folder; `cache` remembers pictures that were seen before.
    Raises InputError with every problem of the manifest, its pictures and its posts' front matter.
    """
    manifest = absolute(manifest)
    document = _read(manifest)
    reader = _Reader(document, Folder(manifest.parent, allow_outside), [*document.problems])
    site = reader.site(manifest, validate(document, reader.problems), overrides, cache)
    if cache:
        cache.save()
    if reader.problems:
        # The manifest comes before the posts, whatever their names.
        raise InputError(*sorted(set(reader.problems), key=lambda one: (_file(one) != document.file, one)))
    return site


def pair_ids(manifest: Path) -> tuple[str, ...]:
    """The ids of the pairs that a manifest asks for, without a look at any picture; pairs that cannot be are left out.

    Raises InputError where the manifest is no YAML.
    """
    document = _read(absolute(manifest))
    reader = _Reader(document, Folder(absolute(manifest).parent, allow_outside=True), [])
    *_, pairs = reader.pairs(validate(document, reader.problems), _unseen, _unseen_masks)
    return tuple(pair.id for pair in pairs)


def _unseen(path: Path, location: Location | None, *, name: str = "") -> Probe:
    """Stands in for a look at a picture: it is as large as every crop needs it."""
    return Probe("", 2 * MAX_CROP, 2 * MAX_CROP, has_alpha=False)


def _unseen_masks(masks: Sequence[Picture], width: int, height: int) -> MaskProbe:
    """Stands in for a look at masks: nothing is wrong with them."""
    return MaskProbe((), 0.0, (0.0, 0.0), 0.0)


def _file(problem: Problem) -> str:
    return problem.location.file if problem.location else ""


def _read(manifest: Path) -> Document:
    here = Path.cwd()
    file = manifest.relative_to(here).as_posix() if manifest.is_relative_to(here) else manifest.as_posix()
    if not exists(manifest):
        remedy = "Run 'neural-gallery init' to begin a site, or correct the path."
        raise ManifestError(Problem(Location(file), "there is no such manifest.", remedy))
    try:
        return compose(read_text(manifest, file), file)
    except InputError as error:
        raise ManifestError(*error.problems) from error


def _budgets(section: BudgetsSection) -> Budgets:
    written = (section.animation, section.page, section.site)
    return Budgets(*(None if text is None else bytes_of(text) for text in written))


@dataclass
class _Reader:
    """Looks up what the manifest names, and collects what is wrong with it."""

    document: Document
    folder: Folder
    problems: list[Problem]

    def site(self, manifest: Path, sound: Sound, overrides: Overrides, cache: ProbeCache | None) -> Site:
        section = sound.manifest.site
        looks = (cache.probe, cache.probe_masks) if cache else (probe, probe_masks)
        pictures, defaults, resolved = self.pairs(sound, *looks)
        if quality := overrides.quality:
            resolved = tuple(replace(pair, paint=replace(pair.paint, quality=quality)) for pair in resolved)
        return Site(
            root=self.folder.root,
            manifest=manifest,
            title=section.title,
            description=section.description,
            author=section.author,
            language=section.language,
            target=overrides.target or section.target,
            output=self.output(section.output),
            base_url=section.base_url.rstrip("/"),
            images_path=section.images_path.rstrip("/"),
            theme=self.theme(section.theme),
            indexes=section.indexes,
            pairs_per_page=section.pairs_per_page,
            images=pictures,
            pairs=resolved,
            posts=tuple(self.posts(sound.posts)),
            defaults=defaults,
            weights=self.weights(sound.manifest.weights, cache.sha256 if cache else file_sha256),
            budgets=_budgets(sound.manifest.budgets),
        )

    def pairs(
        self, sound: Sound, look: Callable[..., Probe], look_at_masks: Callable[..., MaskProbe]
    ) -> tuple[dict[str, Picture], Defaults, tuple[Pair, ...]]:
        """The pictures, the defaults, and the pairs that have no problem, by what a look at their files shows."""
        images = ImageResolver(self.document, self.folder, sound.manifest.images, sound.declared, look)
        declared = Declared(self.document, images.resolve_all(), sound.declared)
        blends = BlendResolver(declared, look_at_masks)
        resolver = PairResolver(declared, blends, sound.manifest.defaults)
        defaults, resolved = resolver.resolve_defaults(), resolver.resolve_all(sound.pairs)
        self.problems += images.problems + declared.problems
        return dict(declared.pictures), defaults, resolved

    def output(self, written: str) -> Path:
        """The output folder, which need not exist yet."""
        key = ("site", "output")
        path = self.resolved(written, key)
        if exists(path) and not is_folder(path):
            self.report(key, f"site.output is '{written}', which is not a folder.", "Name a folder.")
        elif path.is_relative_to(self.folder.root / STORE_FOLDER):
            message = f"site.output is '{written}', which is the store's: what is there may be removed as it is."
            self.report(key, message, "Name another folder.")
        elif not written.isprintable():
            self.report(key, "site.output has a character that cannot be seen.", "Remove it, or name another folder.")
        return path

    def theme(self, written: str) -> Path | None:
        """The theme's folder, which has to exist; None where the manifest names none."""
        if not written:
            return None
        key = ("site", "theme")
        path = self.resolved(written, key)
        if not is_folder(path):
            remedy = "Correct the path; it is relative to the manifest's folder."
            self.report(key, f"there is no folder '{written}'.", remedy)
        elif stray := next(self.folder.strays(path), None):
            message = (
                f"the theme's '{stray.relative_to(path).as_posix()}' is a link that leads out of the site's folder."
            )
            self.report(key, message, "Copy what it leads to, or give --allow-outside.")
        return path

    def weights(self, written: str, sha256_of: Callable[[Path], str]) -> WeightsFile | None:
        """The file with the network's weights; None where the manifest names none, or one that cannot be used."""
        if not written:
            return None
        try:
            path = self.folder.resolve(written, ("weights",), self.document)
            return find_weights(path, written, self.document.location(("weights",)), sha256_of)
        except ManifestError as error:
            self.problems.extend(error.problems)
            return None

    def resolved(self, written: str, key: KeyPath) -> Path:
        """The absolute path; where it leads out of the site's folder, that is told."""
        try:
            return self.folder.resolve(written, key, self.document)
        except ManifestError as error:
            self.problems.extend(error.problems)
            return self.folder.root / written

    def posts(self, patterns: Mapping[int, str]) -> Iterator[Post]:
        """The posts that the patterns match, each once."""
        seen: set[Path] = set()
        first: dict[tuple[object, str], Post] = {}
        for index, pattern in patterns.items():
            for path in self.matches(pattern, ("posts", index)):
                if path in seen:
                    continue
                seen.add(path)
                try:
                    post = read_post(path, self.folder.root)
                except PostError as error:
                    self.problems.extend(error.problems)
                    continue
                other = first.setdefault((post.date and post.date.date(), post.slug.lower()), post)
                if other is not post:
                    message = f"the post has the same date and slug ('{post.slug}') as '{other.file}'."
                    self.problems.append(Problem(Location(post.file), message, "Give one of them another slug."))
                yield post

    def matches(self, pattern: str, key: KeyPath) -> list[Path]:
        """The Markdown files that a pattern matches, sorted."""
        try:
            files = self.folder.matches(pattern)
        except LookupError:
            message = f"the pattern '{abridged(pattern)}' leads out of the site's folder."
            self.report(key, message, "Use a path inside it, or give --allow-outside.")
            return []
        if not files:
            remedy = "Correct it; it is relative to the manifest's folder."
            self.report(key, f"no file matches '{pattern}'.", remedy)
        posts: list[Path] = []
        for path in files:
            if not self.folder.allows(path):
                message = f"'{pattern}' matches '{path.as_posix()}', outside the site's folder."
                self.report(key, message, "Use a path inside it, or give --allow-outside.")
            else:
                posts.append(path)
        if strangers := [path.name for path in posts if path.suffix.lower() not in _POST_EXTENSIONS]:
            message = f"'{pattern}' matches files that are not Markdown, such as '{strangers[0]}'."
            self.report(key, message, "Make the pattern end in '.md'.")
        return [path for path in posts if path.suffix.lower() in _POST_EXTENSIONS]

    def report(self, key: KeyPath, message: str, remedy: str) -> None:
        """Note a problem of the manifest's value at `key`."""
        self.problems.append(Problem(self.document.location(key), message, remedy))
