"""From paintings and pictures to the image files of the output folder: each encoded once, then kept in the store."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from neural_gallery.corridor.events import EncodingStarted
from neural_gallery.corridor.naming import AnimationFile, StillFile, animation_files, picture_files, result_files
from neural_gallery.pages.views import Gallery, ImageFile, PairView, PictureView, StillView
from neural_gallery.site.lines import pair_lines
from neural_gallery.site.model import Budgets, Pair, Picture, Site
from neural_gallery.store.economy import ECONOMIES, LOSSY, STILL_ECONOMIES, Economy
from neural_gallery.store.encodings import Encoded
from neural_gallery.store.keys import encoding_key, picture_key, waiting_key
from neural_gallery.store.stills import FORMATS, encode_still, scaled_height
from neural_gallery.store.store import Store

if TYPE_CHECKING:
    from neural_gallery.site.pictures import Pixels
    from neural_gallery.store.paintings import Painting
    from neural_gallery.store.pixels import Still

T = TypeVar("T")

File: TypeAlias = StillFile | AnimationFile
Keys: TypeAlias = Mapping[File, tuple[str, ...]]
"""The store's keys for each file: the first for what it should be, the others for what will do if that is too large."""

Encoder: TypeAlias = Callable[[File, int], tuple[bytes, int, int]]
"""Makes one file at one level: its bytes, its width, its height."""


@dataclass(frozen=True, slots=True)
class Levels:
    """How much is given up, in steps of ECONOMIES and STILL_ECONOMIES."""

    animations: int = 0  # of each; where one is larger than its budget, it gives up more
    stills: Mapping[str, int] = field(default_factory=dict)  # of each, by the path of its fallback; 0 unless given


@dataclass(frozen=True, slots=True)
class Encodings:
    """What the output folder gets beside the pages."""

    gallery: Gallery
    files: Mapping[str, Encoded]  # by path
    animations: tuple[AnimationFile, ...]
    economies: Mapping[AnimationFile, Economy]  # of the animations that gave up more than all do, for their budget


def result_keys(site: Site, pair: Pair, painting_key: str) -> Keys:
    """The store's keys for each file of a pair: its stills, the fallback first, then its animations, the GIF first."""
    files = (*result_files(site, pair), *animation_files(site, pair))
    return {file: _keys(site.budgets, painting_key, file) for file in files}


def waiting_keys(site: Site, pair: Pair) -> Keys:
    """The same for a pair that is not painted yet, whose stills show its content: it has no animations."""
    return {file: _keys(site.budgets, waiting_key(pair), file) for file in result_files(site, pair)}


def picture_keys(site: Site, picture: Picture) -> Keys:
    """The store's keys for each file of a source picture, the fallback first."""
    source = picture_key(picture)
    return {file: _keys(site.budgets, source, file) for file in picture_files(site, picture)}


def result_is_encoded(site: Site, store: Store, pair: Pair, painting_key: str) -> bool:
    """Whether the store has every file of a pair, so that its painting will not be read."""
    wanted = wanted_files(result_keys(site, pair, painting_key), Levels(), site.budgets).values()
    return all(one.choice(store, again=True).encoded for one in wanted)


def encoded_files(site: Site, store: Store, keys: Keys) -> dict[File, Encoded | None]:
    """Each file of one picture or pair as the store has it; None where it has to be made first."""
    return {file: one.choice(store).encoded for file, one in wanted_files(keys, Levels(), site.budgets).items()}


def encode(
    site: Site,
    store: Store,
    pictures: Iterable[Picture],
    paintings: Mapping[str, Painting | None],
    *,
    levels: Levels = Levels(),
    threads: int | None = None,
) -> Generator[EncodingStarted, None, Encodings]:
    """The files of those pictures and of the pairs whose paintings are given by id, at those levels.

    A pair without its painting waits for it: its stills show its content. What is missing is encoded, in as many
    threads as are given, or else as there are cores.
    """
    files: dict[str, Encoded] = {}
    animations: list[AnimationFile] = []
    economies: dict[AnimationFile, Economy] = {}
    picture_views: dict[str, PictureView] = {}
    for picture in pictures:
        wanted = wanted_files(picture_keys(site, picture), levels, site.budgets)
        chosen = yield from _made(store, wanted, picture_encoder(picture, wanted), threads)
        made = _encodings(chosen)
        files |= {file.path: encoded for file, encoded in made.items()}
        picture_views[picture.name] = PictureView(picture, _still_view(made))
    pair_views: dict[str, PairView] = {}
    for pair_id, painting in paintings.items():
        pair = site.pair(pair_id)
        keys = result_keys(site, pair, painting.key) if painting else waiting_keys(site, pair)
        encoder = result_encoder(painting) if painting else waiting_encoder(pair)
        wanted = wanted_files(keys, levels, site.budgets)
        chosen = yield from _made(store, wanted, encoder, threads)
        made = _encodings(chosen)
        files |= {file.path: encoded for file, encoded in made.items()}
        for file, choice in chosen.items():
            if isinstance(file, AnimationFile):
                animations.append(file)
                if choice.level > levels.animations:
                    economies[file] = ECONOMIES[choice.level]
        pair_views[pair_id] = _pair_view(pair, made, painting)
    return Encodings(Gallery(picture_views, pair_views), files, tuple(animations), economies)


def _keys(budgets: Budgets, source_key: str, file: File) -> tuple[str, ...]:
    """The keys of a file at every level that the budgets may ask for."""
    count = 1
    if isinstance(file, AnimationFile) and (budgets.animation or budgets.site):
        count = len(ECONOMIES)
    elif isinstance(file, StillFile) and file.format in LOSSY and (budgets.page or budgets.site):
        count = len(STILL_ECONOMIES)
    return tuple(_key(source_key, file, level) for level in range(count))


def _key(source_key: str, file: File, level: int) -> str:
    economy = {"economy": level} if level else {}
    if isinstance(file, StillFile):
        options = {"width": file.width} | ({"bits": file.bits} if file.bits != 8 else {}) | economy
        return encoding_key(source_key, f"still.{file.format}", options)
    return encoding_key(source_key, f"animation.{file.format}", {"fps": file.fps, "frames": file.frames} | economy)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of its possible encodings a file gets."""

    level: int  # of ECONOMIES or STILL_ECONOMIES
    encoded: Encoded | None  # None: it has to be made first


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file may become."""

    keys: Sequence[str]  # by level
    first: int  # the level to begin with
    most: int | None  # bytes; None: it is what that level makes of it

    def choice(self, store: Store, *, again: bool = False) -> Choice:
        """The first encoding that has at most so many bytes, or else the last; one before it that is not made yet.

        `again` is the store's.
        """
        choice = Choice(self.first, None)
        for level in range(self.first, len(self.keys)):
            choice = Choice(level, store.encoded(self.keys[level], again=again))
            if choice.encoded is None or self.most is None or choice.encoded.bytes <= self.most:
                break
        return choice


def wanted_files(keys: Keys, levels: Levels, budgets: Budgets) -> dict[File, Wanted]:
    """What each file of one picture or pair may become; the first of them is the still's fallback."""
    still = levels.stills.get(next(iter(keys)).path, 0)
    return {
        file: Wanted(of_file, levels.animations, budgets.animation)
        if isinstance(file, AnimationFile)
        else Wanted(of_file, min(still, len(of_file) - 1), None)
        for file, of_file in keys.items()
    }


def _encodings(chosen: Mapping[File, Choice]) -> dict[File, Encoded]:
    return {file: choice.encoded for file, choice in chosen.items() if choice.encoded is not None}


def _made(
    store: Store, wanted: Mapping[File, Wanted], encoder: Encoder, threads: int | None
) -> Generator[EncodingStarted, None, dict[File, Choice]]:
    """Every file of one picture or pair, from the store or made now."""
    chosen = {file: one.choice(store) for file, one in wanted.items()}
    while missing := {file: choice.level for file, choice in chosen.items() if choice.encoded is None}:
        from concurrent.futures import ThreadPoolExecutor

        # Threads, because encoders let go of Python's lock.
        pool = ThreadPoolExecutor(threads or os.cpu_count())
        try:
            begun = {file: pool.submit(encoder, file, level) for file, level in missing.items()}
            for file, future in begun.items():
                yield EncodingStarted(file.path)
                data, width, height = future.result()
                key, extension = wanted[file].keys[missing[file]], _extension(file)
                store.add_encoded(key, data, extension=extension, width=width, height=height)
                chosen[file] = wanted[file].choice(store)
        finally:
            pool.shutdown(cancel_futures=True)
    return chosen


def mime_of(file: File) -> str:
    """The type of a file as the web names it."""
    return "video/mp4" if file.format == "mp4" else FORMATS[file.format].mime


def _extension(file: File) -> str:
    return FORMATS[file.format].extension if isinstance(file, StillFile) else file.format


def _once(read: Callable[[], T]) -> Callable[[], T]:
    """`read`, called once, however many threads ask."""
    lock, kept = Lock(), cache(read)

    def locked() -> T:
        with lock:
            return kept()

    return locked


def picture_encoder(picture: Picture, files: Iterable[File]) -> Encoder:
    """Encodes a source picture, which is read once, no larger than its largest file needs."""
    widest = max(file.width for file in files if isinstance(file, StillFile))

    @_once
    def pixels() -> Pixels:
        from neural_gallery.site.pictures import read_pixels

        if widest == picture.width:
            return read_pixels(picture)
        longest = max(widest, scaled_height(picture.width, picture.height, widest))
        return read_pixels(picture, size=longest)

    return lambda file, level: _encode_still(pixels(), file, level)


def result_encoder(painting: Painting) -> Encoder:
    """Encodes a painting, whose still is read once."""
    still = _once(painting.still)

    def encoder(file: File, level: int) -> tuple[bytes, int, int]:
        if isinstance(file, StillFile):
            if file.bits == 16:
                return painting.fine_still(), painting.record.width, painting.record.height
            return _encode_still(still(), file, level)
        economy = ECONOMIES[level]
        frames = painting.frames_for(economy.frames(file.frames))
        if file.format == "mp4":
            from neural_gallery.store.video import encode_mp4

            data = encode_mp4(frames, fps=file.fps, economy=economy)
            return data, painting.record.width, painting.record.height
        from neural_gallery.store.animations import encode_avif, encode_gif, encode_webp

        encoders = {"gif": encode_gif, "webp": encode_webp, "avif": encode_avif}
        data = encoders[file.format](frames, fps=file.fps, alpha=still().alpha, economy=economy)
        return data, painting.record.width, painting.record.height

    return encoder


def waiting_encoder(pair: Pair) -> Encoder:
    """Encodes what stands for a pair until it is painted: its content, read once."""

    @_once
    def pixels() -> Pixels:
        from neural_gallery.site.pictures import read_pixels

        return read_pixels(pair.content, size=pair.paint.size)

    return lambda file, level: _encode_still(pixels(), file, level)


def _encode_still(pixels: Pixels | Still, file: File, level: int) -> tuple[bytes, int, int]:
    assert isinstance(file, StillFile)
    height, width = pixels.rgb.shape[:2]
    economy = STILL_ECONOMIES[level]
    data = encode_still(pixels.rgb, pixels.alpha, format=file.format, width=file.width, economy=economy)
    return data, file.width, scaled_height(width, height, file.width)


def _still_view(made: Mapping[File, Encoded]) -> StillView:
    fallback, *further = (_image_file(file, encoded) for file, encoded in made.items() if isinstance(file, StillFile))
    return StillView(fallback, tuple(further))


def _pair_view(pair: Pair, made: Mapping[File, Encoded], painting: Painting | None) -> PairView:
    if painting is None:
        return PairView(pair, _still_view(made), None, (), {}, pair_lines(pair))
    animations = [_image_file(file, encoded) for file, encoded in made.items() if isinstance(file, AnimationFile)]
    lighter = sorted(animations[1:], key=lambda image: image.bytes)
    facts = painting.record.origin.facts
    return PairView(pair, _still_view(made), animations[0], tuple(lighter), facts, pair_lines(pair))


def _image_file(file: File, encoded: Encoded) -> ImageFile:
    return ImageFile(file.path, mime_of(file), encoded.width, encoded.height, encoded.bytes)
