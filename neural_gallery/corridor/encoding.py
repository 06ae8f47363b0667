"""From paintings and pictures to the image files of the output folder: each encoded once, then kept in the store."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from neural_gallery.corridor.events import EncodingStarted
from neural_gallery.corridor.naming import AnimationFile, StillFile, animation_files, picture_files, result_files
from neural_gallery.pages.views import Gallery, ImageFile, PairView, PictureView, StillView
from neural_gallery.site.lines import pair_lines
from neural_gallery.site.model import Pair, Picture, Site
from neural_gallery.store.economy import ECONOMIES, Economy
from neural_gallery.store.encodings import Encoded
from neural_gallery.store.keys import encoding_key, picture_key
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

Encoder: TypeAlias = Callable[[File, Economy], tuple[bytes, int, int]]
"""Makes one file: its bytes, its width, its height."""


@dataclass(frozen=True, slots=True)
class Encodings:
    """What the output folder gets beside the pages."""

    gallery: Gallery
    files: Mapping[str, Encoded]  # by path
    economies: Mapping[AnimationFile, Economy]  # of the animations that were made smaller for their budget


def result_keys(site: Site, pair: Pair, painting_key: str) -> Keys:
    """The store's keys for each file of a pair: its stills, the fallback first, then its animations, the GIF first."""
    keys: dict[File, tuple[str, ...]] = {file: (_key(painting_key, file),) for file in result_files(site, pair)}
    levels = range(len(ECONOMIES) if site.budgets.animation else 1)
    for file in animation_files(site, pair):
        keys[file] = tuple(_key(painting_key, file, level) for level in levels)
    return keys


def picture_keys(site: Site, picture: Picture) -> Keys:
    """The store's key for each file of a source picture, the fallback first."""
    source = picture_key(picture)
    return {file: (_key(source, file),) for file in picture_files(site, picture)}


def result_is_encoded(site: Site, store: Store, pair: Pair, painting_key: str) -> bool:
    """Whether the store has every file of a pair, so that its painting will not be read."""
    keys = result_keys(site, pair, painting_key).values()
    return all(chosen_encoding(store, one, site.budgets.animation).encoded for one in keys)


def encode(
    site: Site,
    store: Store,
    pictures: Iterable[Picture],
    paintings: Mapping[str, Painting],
    *,
    threads: int | None = None,
) -> Generator[EncodingStarted, None, Encodings]:
    """The files of those pictures and of the pairs whose paintings are given by id.

    What is missing is encoded, in as many threads as are given, or else as there are cores.
    """
    files: dict[str, Encoded] = {}
    economies: dict[AnimationFile, Economy] = {}
    picture_views: dict[str, PictureView] = {}
    for picture in pictures:
        keys = picture_keys(site, picture)
        chosen = yield from _made(store, keys, picture_encoder(picture, keys), None, threads)
        made = _encodings(chosen)
        files |= {file.path: encoded for file, encoded in made.items()}
        picture_views[picture.name] = PictureView(picture, _still_view(made))
    pair_views: dict[str, PairView] = {}
    for pair_id, painting in paintings.items():
        pair = site.pair(pair_id)
        keys, most = result_keys(site, pair, painting.key), site.budgets.animation
        chosen = yield from _made(store, keys, result_encoder(painting), most, threads)
        made = _encodings(chosen)
        files |= {file.path: encoded for file, encoded in made.items()}
        for file, choice in chosen.items():
            if choice.level and isinstance(file, AnimationFile):
                economies[file] = ECONOMIES[choice.level]
        pair_views[pair_id] = _pair_view(pair, made, painting)
    return Encodings(Gallery(picture_views, pair_views), files, economies)


def _key(source_key: str, file: File, level: int = 0) -> str:
    if isinstance(file, StillFile):
        options = {"width": file.width} | ({"bits": file.bits} if file.bits != 8 else {})
        return encoding_key(source_key, f"still.{file.format}", options)
    economy = {"economy": level} if level else {}
    return encoding_key(source_key, f"animation.{file.format}", {"fps": file.fps, "frames": file.frames} | economy)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of its possible encodings a file gets."""

    level: int  # of ECONOMIES
    encoded: Encoded | None  # None: it has to be made first


def chosen_encoding(store: Store, keys: Sequence[str], most: int | None) -> Choice:
    """The first encoding that has at most so many bytes, or else the last; one before it that is not made yet."""
    choice = Choice(0, None)
    for level, key in enumerate(keys):
        choice = Choice(level, store.encoded(key))
        if choice.encoded is None or most is None or choice.encoded.bytes <= most:
            break
    return choice


def _encodings(chosen: Mapping[File, Choice]) -> dict[File, Encoded]:
    return {file: choice.encoded for file, choice in chosen.items() if choice.encoded is not None}


def _made(
    store: Store, keys: Keys, encoder: Encoder, most: int | None, threads: int | None
) -> Generator[EncodingStarted, None, dict[File, Choice]]:
    """Every file of one picture or pair, from the store or made now. `most`: the bytes that those with a choice get."""
    chosen = {file: chosen_encoding(store, one, most) for file, one in keys.items()}
    while missing := {file: choice.level for file, choice in chosen.items() if choice.encoded is None}:
        from concurrent.futures import ThreadPoolExecutor

        # Threads, because encoders let go of Python's lock.
        pool = ThreadPoolExecutor(threads or os.cpu_count())
        try:
            begun = {file: pool.submit(encoder, file, ECONOMIES[level]) for file, level in missing.items()}
            for file, future in begun.items():
                yield EncodingStarted(file.path)
                data, width, height = future.result()
                key, extension = keys[file][missing[file]], FORMATS[file.format].extension
                store.add_encoded(key, data, extension=extension, width=width, height=height)
                chosen[file] = chosen_encoding(store, keys[file], most)
        finally:
            pool.shutdown(cancel_futures=True)
    return chosen


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

    return lambda file, _: _encode_still(pixels(), file)


def result_encoder(painting: Painting) -> Encoder:
    """Encodes a painting, whose still is read once."""
    still = _once(painting.still)

    def encoder(file: File, economy: Economy) -> tuple[bytes, int, int]:
        if isinstance(file, StillFile):
            if file.bits == 16:
                return painting.fine_still(), painting.record.width, painting.record.height
            return _encode_still(still(), file)
        from neural_gallery.store.animations import encode_avif, encode_gif, encode_webp

        encoders = {"gif": encode_gif, "webp": encode_webp, "avif": encode_avif}
        frames = painting.frames_for(economy.frames(file.frames))
        data = encoders[file.format](frames, fps=file.fps, alpha=still().alpha, economy=economy)
        return data, painting.record.width, painting.record.height

    return encoder


def _encode_still(pixels: Pixels | Still, file: File) -> tuple[bytes, int, int]:
    assert isinstance(file, StillFile)
    height, width = pixels.rgb.shape[:2]
    data = encode_still(pixels.rgb, pixels.alpha, format=file.format, width=file.width)
    return data, file.width, scaled_height(width, height, file.width)


def _still_view(made: Mapping[File, Encoded]) -> StillView:
    fallback, *further = (_image_file(file, encoded) for file, encoded in made.items() if isinstance(file, StillFile))
    return StillView(fallback, tuple(further))


def _pair_view(pair: Pair, made: Mapping[File, Encoded], painting: Painting) -> PairView:
    animations = [_image_file(file, encoded) for file, encoded in made.items() if isinstance(file, AnimationFile)]
    lighter = sorted(animations[1:], key=lambda image: image.bytes)
    facts = painting.record.origin.facts
    return PairView(pair, _still_view(made), animations[0], tuple(lighter), facts, pair_lines(pair))


def _image_file(file: File, encoded: Encoded) -> ImageFile:
    return ImageFile(file.path, FORMATS[file.format].mime, encoded.width, encoded.height, encoded.bytes)
