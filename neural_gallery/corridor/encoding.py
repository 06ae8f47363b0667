"""From paintings and pictures to the image files of the output folder: each encoded once, then kept in the store."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from neural_gallery.corridor.events import EncodingStarted
from neural_gallery.corridor.naming import AnimationFile, StillFile, animation_files, picture_files, result_files
from neural_gallery.pages.views import Gallery, ImageFile, PairView, PictureView, StillView
from neural_gallery.site.lines import pair_lines
from neural_gallery.site.model import Pair, Picture, Site
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
Encoder: TypeAlias = Callable[[File], tuple[bytes, int, int]]
"""Makes one file: its bytes, its width, its height."""


@dataclass(frozen=True, slots=True)
class Encodings:
    """What the output folder gets beside the pages."""

    gallery: Gallery
    files: Mapping[str, Encoded]  # by path


def result_keys(site: Site, pair: Pair, painting_key: str) -> dict[File, str]:
    """The store's key for each file of a pair: its stills, the fallback first, then its animations, the GIF first."""
    files = (*result_files(site, pair), *animation_files(site, pair))
    return {file: _key(painting_key, file) for file in files}


def picture_keys(site: Site, picture: Picture) -> dict[File, str]:
    """The store's key for each file of a source picture, the fallback first."""
    source = picture_key(picture)
    return {file: _key(source, file) for file in picture_files(site, picture)}


def result_is_encoded(site: Site, store: Store, pair: Pair, painting_key: str) -> bool:
    """Whether the store has every file of a pair, so that its painting will not be read."""
    return all(store.encoded(key) for key in result_keys(site, pair, painting_key).values())


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
    picture_views: dict[str, PictureView] = {}
    for picture in pictures:
        keys = picture_keys(site, picture)
        made = yield from _made(store, keys, _picture_encoder(picture, keys), threads)
        files |= {file.path: encoded for file, encoded in made.items()}
        picture_views[picture.name] = PictureView(picture, _still_view(made))
    pair_views: dict[str, PairView] = {}
    for pair_id, painting in paintings.items():
        pair = site.pair(pair_id)
        made = yield from _made(store, result_keys(site, pair, painting.key), _result_encoder(painting), threads)
        files |= {file.path: encoded for file, encoded in made.items()}
        pair_views[pair_id] = _pair_view(pair, made, painting)
    return Encodings(Gallery(picture_views, pair_views), files)


def _key(source_key: str, file: File) -> str:
    if isinstance(file, StillFile):
        options = {"width": file.width} | ({"bits": file.bits} if file.bits != 8 else {})
        return encoding_key(source_key, f"still.{file.format}", options)
    return encoding_key(source_key, f"animation.{file.format}", {"fps": file.fps, "frames": file.frames})


def _made(
    store: Store, keys: Mapping[File, str], encoder: Encoder, threads: int | None
) -> Generator[EncodingStarted, None, dict[File, Encoded]]:
    """Every file of one picture or pair, from the store or made now."""
    made = {file: store.encoded(key) for file, key in keys.items()}
    if missing := [file for file, encoded in made.items() if encoded is None]:
        from concurrent.futures import ThreadPoolExecutor

        # Threads, because encoders let go of Python's lock.
        pool = ThreadPoolExecutor(threads or os.cpu_count())
        try:
            begun = {file: pool.submit(encoder, file) for file in missing}
            for file, future in begun.items():
                yield EncodingStarted(file.path)
                data, width, height = future.result()
                extension = FORMATS[file.format].extension
                made[file] = store.add_encoded(keys[file], data, extension=extension, width=width, height=height)
        finally:
            pool.shutdown(cancel_futures=True)
    return {file: encoded for file, encoded in made.items() if encoded is not None}


def _once(read: Callable[[], T]) -> Callable[[], T]:
    """`read`, called once, however many threads ask."""
    lock, kept = Lock(), cache(read)

    def locked() -> T:
        with lock:
            return kept()

    return locked


def _picture_encoder(picture: Picture, files: Iterable[File]) -> Encoder:
    """Encodes a source picture, which is read once, no larger than its largest file needs."""
    widest = max(file.width for file in files if isinstance(file, StillFile))

    @_once
    def pixels() -> Pixels:
        from neural_gallery.site.pictures import read_pixels

        if widest == picture.width:
            return read_pixels(picture)
        longest = max(widest, scaled_height(picture.width, picture.height, widest))
        return read_pixels(picture, size=longest)

    return lambda file: _encode_still(pixels(), file)


def _result_encoder(painting: Painting) -> Encoder:
    """Encodes a painting, whose still is read once."""
    still = _once(painting.still)

    def encoder(file: File) -> tuple[bytes, int, int]:
        if isinstance(file, StillFile):
            if file.bits == 16:
                return painting.fine_still(), painting.record.width, painting.record.height
            return _encode_still(still(), file)
        from neural_gallery.store.animations import encode_avif, encode_gif, encode_webp

        encoders = {"gif": encode_gif, "webp": encode_webp, "avif": encode_avif}
        data = encoders[file.format](painting.frames_for(file.frames), fps=file.fps, alpha=still().alpha)
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
