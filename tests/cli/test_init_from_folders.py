"""`init --from-folders`: a site of the author's own pictures, which can be checked and built at once."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from neural_gallery.scaffold.names import alt_text, picture_name
from neural_gallery.scaffold.own import own_site
from neural_gallery.site.manifest import load_site

Run = Callable[..., Result]
FROM_FOLDERS = ("--from-folders", "photos", "paintings")


def draw(path: Path, **exif: str | bytes) -> None:
    """A small picture, with these tags of EXIF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tags = Image.Exif()
    for name, value in exif.items():
        tags[Base[name]] = value
    Image.new("RGB", (48, 32), "teal").save(path, exif=tags)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """The current folder, with three photographs and two paintings."""
    for name in ("photos/harbour.jpg", "photos/Old Mill.PNG", "photos/IMG_1234.jpg", "paintings/waves.webp"):
        draw(tmp_path / name)
    draw(
        tmp_path / "paintings/poppies.jpg",
        ImageDescription="Poppies: a field of them",
        Artist="Katsushika Hokusai",
        Copyright="nobody's",
    )
    return tmp_path


def manifest(folder: Path) -> dict:
    """The manifest in that folder."""
    return yaml.safe_load((folder / "site.yaml").read_text(encoding="utf-8"))


def test_the_site_builds(run: Run, folders: Path) -> None:
    """What is written passes the check and builds; the page shows every picture, and credits the painter."""
    result = run("init", "new", *FROM_FOLDERS)
    assert (result.exit_code, result.stderr) == (0, "")
    assert run("check", "--site", "new").stdout == "new/site.yaml: 3 pairs, 5 pictures, 1 post: no problems\n"
    assert run("build", "--site", "new").stdout.startswith("painted 3 pairs, reused 0; wrote ")
    page = (folders / "new/public/index.html").read_text(encoding="utf-8")
    assert all(f'id="{pair}"' in page for pair in ("harbour-poppies", "img_1234-waves", "old-mill-poppies"))
    assert all(f"static/img/{name}" in page for name in ("harbour", "old-mill", "img_1234", "waves", "poppies"))
    assert "Katsushika Hokusai" in page


def test_what_is_said(run: Run, folders: Path) -> None:
    """The new files are listed, with what to do next."""
    today = datetime.datetime.now(datetime.UTC).date()
    assert run("init", "new", *FROM_FOLDERS).stdout.splitlines() == [
        "wrote new/.gitignore",
        "wrote new/content/images/harbour.jpg",
        "wrote new/content/images/img_1234.jpg",
        "wrote new/content/images/old-mill.png",
        "wrote new/content/images/poppies.jpg",
        "wrote new/content/images/waves.webp",
        f"wrote new/content/posts/{today}-painted.md",
        "wrote new/site.yaml",
        "",
        "Next:",
        "  cd new",
        "  edit site.yaml           say what is to be seen, where the text is made from a file's name",
        "  neural-gallery plan      tells how long painting takes",
        "  neural-gallery build     paints 3 pairs, and writes the pages",
        "  neural-gallery serve     shows them in the browser",
    ]


def test_pictures_are_copied_as_they_are(run: Run, folders: Path) -> None:
    """Not a byte of a picture changes, and the author's folders are left alone."""
    before = {path: path.read_bytes() for path in folders.rglob("*.*")}
    run("init", "new", *FROM_FOLDERS)
    assert {path: path.read_bytes() for path in before} == before
    images = folders / "new/content/images"
    assert (images / "old-mill.png").read_bytes() == before[folders / "photos/Old Mill.PNG"]
    assert (images / "poppies.jpg").read_bytes() == before[folders / "paintings/poppies.jpg"]


def test_texts_of_the_manifest(run: Run, folders: Path) -> None:
    """A picture's own description and artist are used; where there are none, the author is asked to describe it."""
    run("init", "new", *FROM_FOLDERS)
    assert manifest(folders / "new")["images"] == {
        "harbour": {"file": "content/images/harbour.jpg", "alt": "Harbour"},
        "img_1234": {"file": "content/images/img_1234.jpg", "alt": "Photograph IMG 1234"},
        "old-mill": {"file": "content/images/old-mill.png", "alt": "Old Mill"},
        "poppies": {
            "file": "content/images/poppies.jpg",
            "alt": "Poppies: a field of them",
            "credit": "Katsushika Hokusai",
        },
        "waves": {"file": "content/images/waves.webp", "alt": "Waves"},
    }
    lines = (folders / "new/site.yaml").read_text(encoding="utf-8").splitlines()
    assert "    alt: Harbour  # from the file's name: say what is to be seen" in lines
    assert "    alt: 'Poppies: a field of them'  # from the picture's metadata" in lines


@pytest.mark.parametrize(("photographs", "paintings"), [(1, 1), (3, 2), (2, 5), (4, 4), (1, 3), (6, 1)])
def test_every_picture_is_in_a_pair(tmp_path: Path, photographs: int, paintings: int) -> None:
    """There are as many pairs as pictures in the larger folder, no two alike, and no picture is left over."""
    for folder, count in (("photos", photographs), ("paintings", paintings)):
        for number in range(count):
            draw(tmp_path / folder / f"{folder}{number}.png")
    made = own_site(tmp_path / "photos", tmp_path / "paintings", today=datetime.date(2026, 1, 31))
    pairs = [(pair["content"], pair["style"]) for pair in yaml.safe_load(made.files["site.yaml"])["pairs"]]
    assert len(set(pairs)) == len(pairs) == made.pairs == max(photographs, paintings)
    assert {content for content, _ in pairs} == {f"photos{number}" for number in range(photographs)}
    assert {style for _, style in pairs} == {f"paintings{number}" for number in range(paintings)}


def test_all_combinations(run: Run, folders: Path) -> None:
    """The comment's entry, taken instead of the pairs, is every photograph in the style of every painting."""
    for number in range(20):
        draw(folders / f"photos/one-more-photograph-{number}.png")
    run("init", "new", *FROM_FOLDERS)
    site = folders / "new/site.yaml"
    text = site.read_text(encoding="utf-8")
    assert "# 46 results, would be:" in text
    before, pairs = text.split("\npairs:\n")
    assert max(len(line) for line in pairs.splitlines()) <= 120
    entry = "".join(f"  {line[6:]}\n" for line in pairs.splitlines() if line.startswith("  #   "))
    site.write_text(f"{before}\npairs:\n{entry}posts: [content/posts/*.md]\n", encoding="utf-8")
    assert len(load_site(site).pairs) == 46


def test_no_combinations_where_there_are_no_others(run: Run, folders: Path) -> None:
    """With one painting every combination is there already."""
    (folders / "paintings/waves.webp").unlink()
    run("init", "new", *FROM_FOLDERS)
    assert "contents:" not in (folders / "new/site.yaml").read_text(encoding="utf-8")


def test_names_that_clash(run: Run, tmp_path: Path) -> None:
    """Names and ids are numbered where they would be the same, or published under one name; the check agrees."""
    for name in ("photos/a.jpg", "photos/a.png", "photos/A b.jpg", "paintings/A.jpg", "paintings/b.jpg"):
        draw(tmp_path / name)
    for name in (
        "photos/a-400w.jpg",
        "paintings/5fps.png",
        "paintings/400w.png",
        "photos/日本.png",
        "paintings/no.gif",
    ):
        draw(tmp_path / name)
    assert run("init", "new", *FROM_FOLDERS).exit_code == 0
    assert run("check", "--site", "new").stdout == "new/site.yaml: 5 pairs, 10 pictures, 1 post: no problems\n"
    site = load_site(tmp_path / "new/site.yaml")
    assert set(site.images) == {
        *("a-400_w", "a-b", "a", "a-2", "photograph"),
        *("400_w", "5_fps", "a-3", "b", "no"),
    }


def test_an_id_that_is_a_picture(run: Run, tmp_path: Path) -> None:
    """A pair whose usual id is the name of a picture gets another one."""
    for name in ("photos/a.jpg", "photos/a-b.jpg", "paintings/b.jpg"):
        draw(tmp_path / name)
    run("init", "new", *FROM_FOLDERS)
    assert [pair.id for pair in load_site(tmp_path / "new/site.yaml").pairs] == ["a-b-b", "a-b-2"]


def test_what_is_no_picture_is_left_out(run: Run, folders: Path) -> None:
    """Other files are told, with the reason; hidden ones are not worth a word."""
    (folders / "photos/notes.txt").write_text("Sunday")
    (folders / "photos/.DS_Store").write_text("")
    (folders / "paintings/broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    (folders / "paintings/more").mkdir()
    result = run("init", "new", *FROM_FOLDERS)
    assert result.exit_code == 0
    assert result.stderr == (
        "note: left out: the file 'photos/notes.txt' is not a picture of a format that can be used. "
        "Give a JPEG, PNG, WebP, AVIF or GIF file.\n"
        "note: left out: the picture 'paintings/broken.png' is damaged: it ends too early, or its header is wrong. "
        "Replace it by a good copy.\n"
        "note: left out: 'paintings/more' is a folder, not a picture. Give a JPEG, PNG, WebP, AVIF or GIF file.\n"
    )
    assert len(list((folders / "new/content/images").iterdir())) == 5


def test_folders_that_will_not_do(run: Run, folders: Path) -> None:
    """A folder that is missing or has no picture is wrong input; both are told at once, and nothing is written."""
    (folders / "empty").mkdir()
    (folders / "texts").mkdir()
    (folders / "texts/notes.txt").write_text("Sunday")
    no_pictures = (
        "there is no picture in this folder that can be used. "
        "Put JPEG, PNG, WebP, AVIF or GIF files into it, or give another folder.\n"
    )
    for photos, paintings, said in (
        (
            "missing",
            "empty",
            "missing: this folder cannot be read: No such file or directory. Give a folder with pictures.\n"
            f"empty: {no_pictures}2 problems\n",
        ),
        (
            "photos/harbour.jpg",
            "texts",
            "photos/harbour.jpg: this folder cannot be read: Not a directory. Give a folder with pictures.\n"
            f"texts: {no_pictures}"
            "the file 'texts/notes.txt' is not a picture of a format that can be used. "
            "Give a JPEG, PNG, WebP, AVIF or GIF file.\n"
            "3 problems\n",
        ),
        (
            "photos",
            "./photos",
            "photos: this folder is given for the photographs and for the paintings. Give a folder of each.\n"
            "1 problem\n",
        ),
    ):
        result = run("init", "new", "--from-folders", photos, paintings)
        assert (result.exit_code, result.stdout, result.stderr) == (2, "", said)
        assert not (folders / "new").exists()


def test_as_json(run: Run, folders: Path) -> None:
    """Programs get the files, the number of pairs, and what was left out and why."""
    (folders / "photos/notes.txt").write_text("Sunday")
    result = run("init", "new", *FROM_FOLDERS, "--json")
    record = json.loads(result.stdout)
    assert (record["folder"], record["pairs"], result.stderr) == ("new", 3, "")
    assert record["files"][0] == "new/.gitignore"
    assert len(record["files"]) == 8
    assert [problem["remedy"] for problem in record["skipped"]] == ["Give a JPEG, PNG, WebP, AVIF or GIF file."]


def test_problems_as_json(run: Run, folders: Path) -> None:
    """Where a site stands already, programs get the problems."""
    run("init", "new")
    result = run("init", "new", *FROM_FOLDERS, "--json")
    record = json.loads(result.stdout)
    assert (result.exit_code, record["ok"]) == (2, False)
    assert [problem["file"] for problem in record["problems"]] == ["new/.gitignore", "new/site.yaml"]


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("Starry Night", "starry-night"),
        ("Große Öffnung", "grosse-offnung"),
        ("IMG_1234", "img_1234"),
        ("..a  --  b!!", "a-b"),
        ("harbour-800w", "harbour-800_w"),
        ("waves-5fps", "waves-5_fps"),
        ("浮世絵", "painting"),
        ("CON", "painting-con"),
        ("x" * 39 + "-y", "x" * 39),
    ],
)
def test_names(stem: str, name: str) -> None:
    """A file's name becomes one that the manifest takes, and that no published file has already."""
    assert picture_name(stem, otherwise="painting") == name


@pytest.mark.parametrize(
    ("stem", "text"),
    [
        ("starry-night_1889", "Starry night 1889"),
        ("DSC00012", "Photograph DSC00012"),
        ("20260131_120000", "Photograph 20260131 120000"),
        ("浮世絵", "浮世絵"),
        ("---", "Photograph"),
        ("van Gogh", "Van Gogh"),
    ],
)
def test_texts(stem: str, text: str) -> None:
    """A file's name becomes words; one of a camera at least says that it is a photograph."""
    assert alt_text(stem, kind="photograph") == text


@pytest.mark.parametrize(
    ("exif", "alt", "credit"),
    [
        ({"ImageDescription": "OLYMPUS DIGITAL CAMERA"}, "One", None),
        ({"ImageDescription": " A  boat\non the sea\x00 "}, "A boat on the sea", None),
        ({"Copyright": "Jane Doe"}, "One", "Jane Doe"),
        ({"Artist": "Stéfan".encode()}, "One", "Stéfan"),
        ({"Artist": "Stéfan".encode("latin-1")}, "One", "Stéfan"),
        ({"Artist": "no"}, "One", "no"),
        ({"ImageDescription": "word " * 200}, "word " * 39 + "word", None),
    ],
)
def test_metadata(run: Run, tmp_path: Path, exif: dict[str, str | bytes], alt: str, credit: str | None) -> None:
    """What cameras say of every picture is no description; texts become one line, are kept short, and stay texts."""
    draw(tmp_path / "photos/one.jpg", **exif)
    draw(tmp_path / "paintings/two.jpg")
    run("init", "new", *FROM_FOLDERS)
    image = manifest(tmp_path / "new")["images"]["one"]
    assert (image["alt"], image.get("credit")) == (alt, credit)
    assert run("check", "--site", "new").exit_code == 0


def test_where_a_photograph_was_taken(run: Run, folders: Path) -> None:
    """It is told which files say so, for people and for programs; no picture that is built says it."""
    tags = Image.Exif()
    tags[Base.Make] = "Camera"  # Pillow writes no EXIF to a PNG where nothing but a place is in it
    tags.get_ifd(IFD.GPSInfo).update({GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (48.0, 51.0, 30.0)})
    for name in ("photos/harbour.jpg", "photos/Old Mill.PNG"):
        Image.new("RGB", (48, 32), "navy").save(folders / name, exif=tags)
    told = run("init", "new", *FROM_FOLDERS).stderr.splitlines()
    assert [line.partition(": this file says where it was taken.")[0] for line in told] == [
        "note: new/content/images/harbour.jpg",
        "note: new/content/images/old-mill.png",
    ]
    record = json.loads(run("init", "again", *FROM_FOLDERS, "--json").stdout)
    assert record["located"] == ["again/content/images/harbour.jpg", "again/content/images/old-mill.png"]

    assert b"exif" in (folders / "new/content/images/harbour.jpg").read_bytes().lower()
    assert run("build", "--site", "new").exit_code == 0
    built = [path for path in (folders / "new/public/static/img").iterdir() if path.is_file()]
    assert {path.suffix for path in built} >= {".jpg", ".png", ".webp", ".avif", ".gif"}
    assert [path.name for path in built if b"exif" in path.read_bytes().lower()] == []


def test_only_the_workflow_where_a_site_is(run: Run, folders: Path) -> None:
    """A site that stands already gets the workflow and nothing else, once; the site is not touched."""
    run("init", "old")
    before = {path: path.read_bytes() for path in (folders / "old").rglob("*") if path.is_file()}
    assert run("init", "old", "--github").stdout.splitlines() == [
        "wrote old/.github/workflows/pages.yml",
        "",
        "Next:",
        "  cd old",
        "  push to GitHub           and choose GitHub Actions under Settings > Pages, once",
    ]
    assert {path: path.read_bytes() for path in before} == before
    again = run("init", "old", "--github")
    assert again.exit_code == 2
    assert "old/.github/workflows/pages.yml: this file already exists." in again.stderr
    assert run("init", "old", "--github", *FROM_FOLDERS).exit_code == 2
