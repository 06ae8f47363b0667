"""Picture files: which are refused and in which words, and the pixels of those that are not."""

from __future__ import annotations

import re
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from neural_gallery.errors import Location, PictureError
from neural_gallery.site import memory
from neural_gallery.site.memory import ProbeCache
from neural_gallery.site.model import Crop, Picture
from neural_gallery.site.pictures import Pixels, Probe, probe, read_pixels

from ..support.hostile_pictures import png_chunks, png_of

PLACE = Location("site.yaml", 3, 9)
IMAGES = Path(__file__).parents[2] / "content/images"


def refused(path: Path) -> str:
    """What is told of a file that cannot be used."""
    with pytest.raises(PictureError) as caught:
        probe(path, PLACE, name=path.name)
    return str(caught.value).removeprefix("site.yaml:3:9: ")


def pixels_of(path: Path, **changes: Any) -> Pixels:
    """The pixels of a file, as if a manifest declared it."""
    seen = probe(path, PLACE)
    picture = Picture(
        name="p",
        path=path,
        file=path.name,
        sha256=seen.sha256,
        crop=None,
        width=seen.width,
        height=seen.height,
        has_alpha=seen.has_alpha,
        alt="a",
        title="",
        credit="",
        license="",
        source="",
        location=PLACE,
    )
    size = changes.pop("size", None)
    return read_pixels(replace(picture, **changes), size=size)


def gradient(width: int = 40, height: int = 20) -> Image.Image:
    """Red grows to the right, green downwards."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return Image.fromarray(np.stack([x * 255 // width, y * 255 // height, x * 0 + 60], -1).astype(np.uint8))


def header_only_png(width: int, height: int) -> bytes:
    """A PNG that claims to have a size, and holds nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


# --- what is refused -------------------------------------------------------------------------------------------------


def test_missing_file_names_the_nearest_one(tmp_path: Path) -> None:
    """A misspelt path is answered with the file that was probably meant."""
    gradient().save(tmp_path / "tardis.png")
    assert refused(tmp_path / "tradis.png") == "there is no file 'tradis.png'. Did you mean 'tardis.png'?"


def test_missing_file_without_a_near_one(tmp_path: Path) -> None:
    """A path that resembles nothing, or lies in no folder, is told to be relative to the manifest."""
    remedy = "Check the path; it is relative to the manifest's folder."
    assert refused(tmp_path / "tardis.png") == f"there is no file 'tardis.png'. {remedy}"
    assert refused(tmp_path / "no" / "tardis.png") == f"there is no file 'tardis.png'. {remedy}"


def test_folder(tmp_path: Path) -> None:
    """A folder is not a picture."""
    remedy = "Give a JPEG, PNG, WebP, AVIF or GIF file."
    assert refused(tmp_path) == f"'{tmp_path.name}' is a folder, not a picture. {remedy}"


def test_special_file() -> None:
    """A device is not read at all: it might never end."""
    remedy = "Give a JPEG, PNG, WebP, AVIF or GIF file."
    assert refused(Path("/dev/zero")) == f"'zero' is not a regular file. {remedy}"


def test_path_that_the_system_refuses(tmp_path: Path) -> None:
    """The operating system's reason is passed on."""
    path = tmp_path / ("x" * 300 + ".png")
    assert refused(path) == (
        f"the file '{path.name}' cannot be read: File name too long. Check its path and its permissions."
    )


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.jpg", b"", "the file 'a.jpg' is empty. Give a JPEG, PNG, WebP, AVIF or GIF file."),
        (
            "a.jpg",
            b"just words",
            "the file 'a.jpg' is not a picture of a format that can be used. Give a JPEG, PNG, WebP, AVIF or GIF file.",
        ),
        (
            "a.svg",
            b"<svg/>",
            "the file 'a.svg' is not a picture of a format that can be used. Give a JPEG, PNG, WebP, AVIF or GIF file.",
        ),
        (
            "a.tif",
            b"II*\x00",
            "the picture 'a.tif' is a TIFF file, which browsers cannot show. Convert it to PNG or JPEG.",
        ),
        ("a.BMP", b"BM", "the picture 'a.BMP' is a BMP file, which browsers cannot show. Convert it to PNG or JPEG."),
        (
            "a.jpg",
            b"\x00\x00\x00\x18ftypheic",
            "the picture 'a.jpg' is a HEIC file, which browsers cannot show. Convert it to PNG or JPEG.",
        ),
        (
            "a.png",
            b"\xff\xd8\xff\xe0",
            "the picture 'a.png' is a JPEG file, though its extension says PNG. Rename it to 'a.jpg'.",
        ),
        (
            "a.jpg",
            b"\x89PNG\r\n\x1a\n",
            "the picture 'a.jpg' is a PNG file, though its extension says JPEG. Rename it to 'a.png'.",
        ),
        (
            "a.webp",
            b"RIFF\x00\x00\x00\x00WEBP",
            "the picture 'a.webp' is damaged: it ends too early, or its header is wrong. Replace it by a good copy.",
        ),
        (
            "a.png",
            header_only_png(20_000, 6_000),
            "the picture 'a.png' has 120.0 million pixels, more than 100 million. Scale it down.",
        ),
        (
            "a.png",
            header_only_png(50_000, 50_000),
            "the picture 'a.png' has 2500.0 million pixels, more than 100 million. Scale it down.",
        ),
        (
            "a.png",
            header_only_png(40, 20),
            "the picture 'a.png' is damaged: image file is truncated. Replace it by a good copy.",
        ),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    """Each kind of file that is no usable picture has a message of its own."""
    (tmp_path / name).write_bytes(data)
    assert refused(tmp_path / name) == message


@pytest.mark.parametrize("extension", [".jpg", ".png", ".gif", ".webp", ".avif"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_truncated_files(tmp_path: Path, extension: str, share: float) -> None:
    """A file that ends too early is damaged, in every format, however much of it is there."""
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8))
    path = tmp_path / f"a{extension}"
    noise.save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    message = rf"the picture 'a{extension}' is damaged: .+\. Replace it by a good copy\."
    assert re.fullmatch(message, refused(path))


@pytest.mark.parametrize(("width", "height"), [(15, 15), (15, 8), (100, 1), (1, 16)])
def test_too_small(tmp_path: Path, width: int, height: int) -> None:
    """Pictures with next to no pixels cannot be painted."""
    gradient(width, height).save(tmp_path / "a.png")
    assert refused(tmp_path / "a.png") == (
        f"the picture 'a.png' has only {width} x {height} pixels. "
        "Use at least 16 pixels on the longer side and 2 on the shorter."
    )


def test_smallest_picture(tmp_path: Path) -> None:
    """Exactly the least size is enough."""
    gradient(16, 2).save(tmp_path / "a.png")
    assert probe(tmp_path / "a.png", PLACE).height == 2


def test_picture_that_vanished(tmp_path: Path) -> None:
    """A file that is deleted between checking and painting is told as such."""
    path = tmp_path / "a.png"
    gradient().save(path)
    picture = Picture("a", path, "a.png", "", None, 40, 20, False, "a", "", "", "", "", PLACE)
    path.unlink()
    with pytest.raises(PictureError) as caught:
        read_pixels(picture)
    assert str(caught.value) == "site.yaml:3:9: the file 'a.png' is gone. Put it back."


# --- what is seen and read -------------------------------------------------------------------------------------------


def test_probe_of_a_real_photograph() -> None:
    """Hash, size and opacity of a photograph that comes with the project."""
    path = IMAGES / "rocket.jpg"
    assert probe(path, PLACE) == Probe(sha256(path.read_bytes()).hexdigest(), 640, 427, False)


@pytest.mark.parametrize("extension", [".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif"])
def test_every_format_is_read(tmp_path: Path, extension: str) -> None:
    """Each accepted format gives the picture that was saved, as nearly as the format can."""
    path = tmp_path / f"a{extension}"
    gradient().save(path, quality=95)
    found = pixels_of(path)
    difference = found.rgb.astype(int) - np.asarray(gradient())
    assert found.alpha is None
    assert np.abs(difference).mean() < 8


def test_extension_in_capitals(tmp_path: Path) -> None:
    """Cameras write .JPG."""
    gradient().save(tmp_path / "A.JPG")
    assert pixels_of(tmp_path / "A.JPG").rgb.shape == (20, 40, 3)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_opaque_modes(tmp_path: Path, mode: str) -> None:
    """Bilevel, grey, palette and colour pictures are read as Pillow converts them to RGB."""
    image = gradient().convert(mode)
    image.save(tmp_path / "a.png")
    found = pixels_of(tmp_path / "a.png")
    assert np.array_equal(found.rgb, np.asarray(image.convert("RGB")))
    assert found.alpha is None


def test_sixteen_bits_are_scaled_by_257(tmp_path: Path) -> None:
    """A grey picture of 16 bits spans the whole range: 257 steps are one."""
    values = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
    Image.fromarray(values).save(tmp_path / "a.png")
    assert np.array_equal(pixels_of(tmp_path / "a.png").rgb[..., 0].ravel(), np.arange(256))


def test_sixteen_bits_with_a_transparent_value(tmp_path: Path) -> None:
    """A grey picture of 16 bits may declare one value to be transparent."""
    values = np.full((16, 16), 25_700, np.uint16)
    values[0, 0] = 1000
    Image.fromarray(values).save(tmp_path / "a.png", transparency=1000)
    found = pixels_of(tmp_path / "a.png")
    assert found.alpha is not None
    assert found.alpha[0, 0] == 0
    assert found.alpha[1:].min() == 255
    assert found.rgb[0, 0].tolist() == [255, 255, 255]
    assert found.rgb[1, 1].tolist() == [100, 100, 100]


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparency_is_flattened_on_white(tmp_path: Path, mode: str) -> None:
    """Where a picture is transparent it is white, where it is half transparent it is half white."""
    image = Image.new("RGBA", (16, 16), (100, 100, 100, 255))
    image.putpixel((0, 0), (0, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 0, 51))
    image.convert(mode).save(tmp_path / "a.png")
    found = pixels_of(tmp_path / "a.png")
    assert found.alpha is not None
    assert found.alpha[0, :3].tolist() == [0, 51, 255]
    assert found.rgb[0, :3].tolist() == [[255] * 3, [204] * 3, [100] * 3]
    assert probe(tmp_path / "a.png", PLACE).has_alpha


def test_transparent_palette_entry(tmp_path: Path) -> None:
    """A GIF's transparent colour is transparent."""
    image = Image.new("P", (16, 16), 1)
    image.putpalette([0, 0, 0, 200, 0, 0])
    image.putpixel((0, 0), 0)
    image.save(tmp_path / "a.gif", transparency=0)
    found = pixels_of(tmp_path / "a.gif")
    assert found.alpha is not None
    assert found.alpha[0, :2].tolist() == [0, 255]
    assert found.rgb[0, :2].tolist() == [[255, 255, 255], [200, 0, 0]]


def test_alpha_that_hides_nothing(tmp_path: Path) -> None:
    """A picture whose alpha channel is opaque everywhere has no alpha."""
    gradient().convert("RGBA").save(tmp_path / "a.png")
    assert pixels_of(tmp_path / "a.png").alpha is None
    assert not probe(tmp_path / "a.png", PLACE).has_alpha


def test_invisible_colours_do_not_bleed_when_scaled(tmp_path: Path) -> None:
    """Black under full transparency leaves no dark rim at the edge of white."""
    image = Image.new("RGBA", (64, 64), (255, 255, 255, 255))
    image.paste((0, 0, 0, 0), (0, 0, 32, 64))
    image.save(tmp_path / "a.png")
    found = pixels_of(tmp_path / "a.png", size=24)
    assert found.rgb.min() == 255
    assert found.alpha is not None
    assert found.alpha.shape == (24, 24)


def test_cmyk_of_adobe_and_of_others(tmp_path: Path) -> None:
    """Adobe's CMYK JPEG files hold inverted values, those without Adobe's marker do not; both are read right."""
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "adobe.jpg", quality=95)
    Image.new("CMYK", (16, 16), (0, 255, 255, 255)).save(tmp_path / "inverse.jpg", quality=95)
    data = (tmp_path / "inverse.jpg").read_bytes()
    start = data.index(b"\xff\xee")
    (length,) = struct.unpack(">H", data[start + 2 : start + 4])
    (tmp_path / "other.jpg").write_bytes(data[:start] + data[start + 2 + length :])
    red = pixels_of(tmp_path / "adobe.jpg").rgb[8, 8]
    cyan = pixels_of(tmp_path / "other.jpg").rgb[8, 8]
    assert red[0] > 250
    assert red[1:].max() < 5
    assert cyan[0] < 5
    assert cyan[1:].min() > 250


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (1, lambda rgb: rgb),
        (2, lambda rgb: rgb[:, ::-1]),
        (3, lambda rgb: rgb[::-1, ::-1]),
        (4, lambda rgb: rgb[::-1]),
        (5, lambda rgb: rgb.transpose(1, 0, 2)),
        (6, lambda rgb: np.rot90(rgb, -1)),
        (7, lambda rgb: rgb[::-1, ::-1].transpose(1, 0, 2)),
        (8, lambda rgb: np.rot90(rgb)),
    ],
)
def test_orientation(tmp_path: Path, orientation: int, turned: Callable[[Any], Any]) -> None:
    """All eight EXIF orientations are turned upright, and sizes are those of the upright picture."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    gradient().save(tmp_path / "a.png", exif=exif)
    wanted = turned(np.asarray(gradient()))
    seen = probe(tmp_path / "a.png", PLACE)
    assert (seen.height, seen.width) == wanted.shape[:2]
    assert np.array_equal(pixels_of(tmp_path / "a.png").rgb, wanted)


def test_metadata_that_cannot_be_read(tmp_path: Path) -> None:
    """Broken EXIF data does not make a picture unusable."""
    gradient().save(tmp_path / "a.jpg", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
    assert probe(tmp_path / "a.jpg", PLACE).width == 40


def test_crop_is_taken_from_the_upright_picture(tmp_path: Path) -> None:
    """A crop counts pixels as the author sees them."""
    exif = Image.Exif()
    exif[0x0112] = 6
    gradient().save(tmp_path / "a.png", exif=exif)
    upright = np.rot90(np.asarray(gradient()), -1)
    found = pixels_of(tmp_path / "a.png", crop=Crop(2, 3, 16, 17), width=16, height=17)
    assert np.array_equal(found.rgb, upright[3:20, 2:18])


def swapped_profile() -> bytes:
    """A colour profile in which red and blue have changed places."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = data.index(b"rXYZ"), data.index(b"bXYZ")
    data[red : red + 4], data[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(data)


def test_colour_profile_is_followed(tmp_path: Path) -> None:
    """Pixels become sRGB: by a profile whose primaries are swapped, red is blue."""
    Image.new("RGB", (16, 16), (255, 0, 0)).save(tmp_path / "a.png", icc_profile=swapped_profile())
    assert np.abs(pixels_of(tmp_path / "a.png").rgb[0, 0].astype(int) - [0, 0, 255]).max() <= 2


def test_srgb_profile_changes_nothing(tmp_path: Path) -> None:
    """A picture that says that it is sRGB keeps its values, up to rounding."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    gradient().save(tmp_path / "a.png", icc_profile=profile)
    assert np.abs(pixels_of(tmp_path / "a.png").rgb.astype(int) - np.asarray(gradient())).max() <= 1


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("profile", [b"no profile", swapped_profile()[:200]])
def test_broken_colour_profile_is_ignored(tmp_path: Path, mode: str, profile: bytes) -> None:
    """A profile that cannot be used is as none."""
    image = gradient().convert(mode)
    image.save(tmp_path / "a.png", icc_profile=profile)
    assert np.array_equal(pixels_of(tmp_path / "a.png").rgb, np.asarray(image.convert("RGB")))


def test_profile_for_other_channels_is_ignored(tmp_path: Path) -> None:
    """A grey picture with a profile for RGB keeps its values."""
    image = gradient().convert("L")
    image.save(tmp_path / "a.png", icc_profile=swapped_profile())
    assert np.array_equal(pixels_of(tmp_path / "a.png").rgb, np.asarray(image.convert("RGB")))


def test_first_frame_of_an_animation(tmp_path: Path) -> None:
    """Of an animated GIF the first frame is taken."""
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert pixels_of(tmp_path / "a.gif").rgb[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(("size", "shape"), [(20, (10, 20, 3)), (40, (20, 40, 3)), (100, (50, 100, 3))])
def test_longest_side(tmp_path: Path, size: int, shape: tuple[int, ...]) -> None:
    """Pictures are scaled down or up so that the longest side is what was asked for."""
    gradient().save(tmp_path / "a.png")
    assert pixels_of(tmp_path / "a.png", size=size).rgb.shape == shape


def test_pixels_can_be_written_to(tmp_path: Path) -> None:
    """The arrays are the caller's own, one byte a value."""
    gradient().save(tmp_path / "a.png")
    found = pixels_of(tmp_path / "a.png")
    assert found.rgb.dtype == np.uint8
    assert found.rgb.flags.writeable


# --- the cache -------------------------------------------------------------------------------------------------------


def count_probes(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A list that grows with each file that is really decoded."""
    decoded: list[Path] = []

    def counting(path: Path, location: Location | None, *, name: str = "") -> Probe:
        decoded.append(path)
        return probe(path, location, name=name)

    monkeypatch.setattr(memory, "probe", counting)
    return decoded


def test_cache_remembers_over_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run takes an unchanged file from memory, and gives the same answer."""
    path = tmp_path / "a.png"
    gradient().save(path)
    decoded = count_probes(monkeypatch)
    first = ProbeCache(tmp_path / "new/folder/cache.json")
    seen = first.probe(path, PLACE)
    first.save()
    assert ProbeCache(tmp_path / "new/folder/cache.json").probe(path, PLACE) == seen
    assert decoded == [path]
    assert [entry.name for entry in (tmp_path / "new/folder").iterdir()] == ["cache.json"]


def test_cache_notices_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another size makes the file be looked at again."""
    path = tmp_path / "a.png"
    gradient().save(path)
    decoded = count_probes(monkeypatch)
    cache = ProbeCache(tmp_path / "cache.json")
    cache.probe(path, PLACE)
    gradient(60, 60).save(path)
    assert cache.probe(path, PLACE).width == 60
    assert len(decoded) == 2


def test_cache_remembers_no_errors(tmp_path: Path) -> None:
    """A file that was refused is looked at again, and a missing one is told as such."""
    path = tmp_path / "a.png"
    cache = ProbeCache(tmp_path / "cache.json")
    for _ in range(2):
        with pytest.raises(PictureError):
            cache.probe(path, PLACE)
    cache.save()
    assert not (tmp_path / "cache.json").exists()


def test_cache_forgets_files_that_are_gone(tmp_path: Path) -> None:
    """What is written names only files that exist."""
    gradient().save(tmp_path / "gone.png")
    gradient().save(tmp_path / "here.png")
    cache = ProbeCache(tmp_path / "cache.json")
    cache.probe(tmp_path / "gone.png", PLACE)
    cache.probe(tmp_path / "here.png", PLACE)
    (tmp_path / "gone.png").unlink()
    cache.save()
    written = (tmp_path / "cache.json").read_text()
    assert "here.png" in written
    assert "gone.png" not in written


def test_too_little_memory_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A good picture need not be replaced where the machine is too small for it."""

    def fail(*arguments: object, **keywords: object) -> None:
        raise MemoryError

    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    message = "there is not enough memory to read the picture 'a.png'. Scale it down, or free some memory."
    assert refused(tmp_path / "a.png") == message


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"version": 0}',
        b'{"version": 1}',
        b'{"version": 1, "pictures": []}',
        b'{"version": 1, "pictures": {"a": 1}}',
        b'{"version": 1, "pictures": {"a": {"stamp": ["x"], "probe": {}}}}',
        b'{"version": 1, "pictures": {"a": {"stamp": [1], "probe": {"width": 1}}}}',
    ],
)
def test_damaged_cache_is_begun_anew(tmp_path: Path, damage: bytes) -> None:
    """Whatever stands in the cache file, probing works and writes a good one."""
    gradient().save(tmp_path / "a.png")
    (tmp_path / "cache.json").write_bytes(damage)
    cache = ProbeCache(tmp_path / "cache.json")
    assert cache.probe(tmp_path / "a.png", PLACE).width == 40
    cache.save()
    assert "a.png" in (tmp_path / "cache.json").read_text()


def test_cache_that_cannot_be_written(tmp_path: Path) -> None:
    """A cache is no reason to fail."""
    gradient().save(tmp_path / "a.png")
    (tmp_path / "file").write_text("in the way")
    cache = ProbeCache(tmp_path / "file/cache.json")
    cache.probe(tmp_path / "a.png", PLACE)
    cache.save()
    assert (tmp_path / "file").read_text() == "in the way"


def test_decoder_warnings_stay_inside(tmp_path: Path) -> None:
    """A palette with partial transparency, about which Pillow warns, is read in silence."""
    image = gradient().convert("P")
    image.save(tmp_path / "a.png", transparency=bytes(range(256)))
    assert pixels_of(tmp_path / "a.png").alpha is not None


def test_canvas_of_a_webp(tmp_path: Path) -> None:
    """The size that an extended WebP states is looked at before anything takes memory for it."""
    canvas = b"VP8X" + struct.pack("<I", 10) + bytes(4) + b"\x3f\x9c\x00" + b"\x3f\x9c\x00"
    (tmp_path / "a.webp").write_bytes(b"RIFF" + struct.pack("<I", 4 + len(canvas)) + b"WEBP" + canvas)
    assert refused(tmp_path / "a.webp") == (
        "the picture 'a.webp' has 1600.0 million pixels, more than 100 million. Scale it down."
    )


@pytest.mark.parametrize(("more", "usable"), [(50, True), (150, False)])
def test_scans_of_a_jpeg(tmp_path: Path, more: int, usable: bool) -> None:
    """Each scan is decoded over all pixels: thousands of them, a few bytes each, would take hours."""
    path = tmp_path / "a.jpg"
    gradient().save(path, progressive=True)
    data = path.read_bytes()
    last = data[data.rindex(b"\xff\xda") : -2]
    path.write_bytes(data[:-2] + more * last + b"\xff\xd9")
    if usable:
        assert probe(path, PLACE).width == 40
    else:
        message = "the picture 'a.jpg' is damaged: it has more than 100 scans. Replace it by a good copy."
        assert refused(path) == message


def test_a_large_picture_in_a_small_file(tmp_path: Path) -> None:
    """A PNG of 40,000 by 40,000 zeros, which are there, is refused by its size, without memory for them."""
    squeeze = zlib.compressobj(9)
    parts = [squeeze.compress(bytes(40_001_000)) + squeeze.flush(zlib.Z_FULL_FLUSH) for _ in range(2)]
    rows = parts[0] + 39 * parts[1] + squeeze.flush()  # a thousand rows each
    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    (tmp_path / "a.png").write_bytes(png_of([(b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")]))
    tracemalloc.start()
    message = refused(tmp_path / "a.png")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert message == "the picture 'a.png' has 1600.0 million pixels, more than 100 million. Scale it down."
    assert peak < 20_000_000


@pytest.mark.parametrize(("kind", "head"), [(b"iCCP", b"a\0\0"), (b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0")])
def test_text_that_unfolds(tmp_path: Path, kind: bytes, head: bytes) -> None:
    """Words and colour profiles in a picture are not unpacked to hundreds of megabytes."""
    gradient().save(tmp_path / "a.png")
    first, *others = png_chunks((tmp_path / "a.png").read_bytes())
    bomb = (kind, head + zlib.compress(bytes(100_000_000), 9))
    (tmp_path / "a.png").write_bytes(png_of([first, bomb, *others]))
    assert refused(tmp_path / "a.png").startswith("the picture 'a.png' is damaged: Decompressed data too large")


def test_an_animation_with_very_many_frames(tmp_path: Path) -> None:
    """Only the first frame of an animation is read."""
    path = tmp_path / "a.gif"
    gradient().save(path)
    first = path.read_bytes()
    frame = first[first.index(b"\x2c\0\0\0\0") : -1]
    path.write_bytes(first[:-1] + frame * 20_000 + b";")
    started = time.process_time()
    assert probe(path, PLACE).width == 40
    assert time.process_time() - started < 2


def test_more_transparent_colours_than_a_palette_has(tmp_path: Path) -> None:
    """What a palette cannot have is passed over, as browsers do."""
    gradient().quantize(16).save(tmp_path / "a.png", transparency=b"\xff" * 16)
    chunks = png_chunks((tmp_path / "a.png").read_bytes())
    longer = [(kind, body + bytes(300) if kind == b"tRNS" else body) for kind, body in chunks]
    (tmp_path / "a.png").write_bytes(png_of(longer))
    assert not probe(tmp_path / "a.png", PLACE).has_alpha
    assert pixels_of(tmp_path / "a.png").rgb.shape == (20, 40, 3)
