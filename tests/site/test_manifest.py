"""Whole manifests: what they come to, and everything that can be wrong with them, in the words that are shown."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from neural_gallery.errors import InputError, ManifestError
from neural_gallery.site.manifest import Overrides, load_site
from neural_gallery.site.memory import ProbeCache
from neural_gallery.site.model import Colors, Crop, Defaults, Init, PaintSettings, Quality, Site, Target

Load = Callable[[str], Site]
Told = Callable[[str], list[str]]

IMAGES = """\
version: 1
images:
  cat: {file: cat.png, alt: a cat asleep}
  sea: {file: sea.jpg, alt: waves}
"""


# --- what a manifest comes to ----------------------------------------------------------------------------------------


def test_smallest_manifest(load: Load, folder: Path) -> None:
    """Everything has a default but the version, the images and the pairs."""
    site = load("version: 1\nimages: {}\npairs: []\n")
    assert site == Site(
        root=folder,
        manifest=folder / "site.yaml",
        title="Gallery",
        description="",
        author="",
        language="en",
        target=Target.JEKYLL,
        output=folder / "public",
        base_url="",
        images_path="static/img",
        theme=None,
        images={},
        pairs=(),
        posts=(),
        defaults=Defaults(PaintSettings(400, Quality.BALANCED, 0.5, Colors.STYLE, Init.CONTENT, 1.0, 0)),
    )


def test_every_key_of_the_site(load: Load, folder: Path) -> None:
    """What the author says of the site arrives, without slashes at the ends."""
    (folder / "look").mkdir()
    site = load(
        "version: 1\nimages: {}\npairs: []\n"
        "site: {title: T, description: D, author: A, language: de, target: html, output: out/put,\n"
        "  base_url: https://host/a/, images_path: img/art/, theme: look}\n"
    )
    assert (site.title, site.description, site.author, site.language) == ("T", "D", "A", "de")
    assert (site.target, site.output, site.theme) == (Target.HTML, folder / "out/put", folder / "look")
    assert (site.base_url, site.images_path) == ("https://host/a", "img/art")


def test_base_url_of_the_root(load: Load) -> None:
    """A site at the root of its host has an empty base URL."""
    assert load("version: 1\nimages: {}\npairs: []\nsite: {base_url: /}\n").base_url == ""


def test_pictures(load: Load, folder: Path) -> None:
    """A picture has what the manifest says, and what the file shows."""
    site = load(
        "version: 1\npairs: []\nimages:\n"
        "  cat: {file: ./cat.png, alt: ' a cat ', title: Tom, credit: C, license: L, source: S}\n"
    )
    cat = site.images["cat"]
    assert (cat.path, cat.file, cat.width, cat.height) == (folder / "cat.png", "./cat.png", 40, 20)
    assert (cat.alt, cat.title, cat.credit, cat.license, cat.source) == ("a cat", "Tom", "C", "L", "S")
    assert str(cat.location) == "site.yaml:4:3"
    assert (cat.crop, cat.has_alpha, cat.extension) == (None, False, ".png")


def test_parts_of_parts(load: Load) -> None:
    """Crops count in the pixels of the picture that they are taken from, declared before or after."""
    site = load(
        "version: 1\npairs: []\nimages:\n"
        "  eye: {from: face, crop: [2, 1, 16, 4], alt: eye, title: Eye}\n"
        "  face: {from: cat, crop: [10, 5, 20, 10], alt: face}\n"
        "  cat: {file: cat.png, crop: [1, 1, 38, 18], alt: cat, title: Tom, credit: C}\n"
    )
    eye = site.images["eye"]
    assert (eye.crop, eye.width, eye.height) == (Crop(13, 7, 16, 4), 16, 4)
    assert (eye.file, eye.alt, eye.title, eye.credit) == ("cat.png", "eye", "Eye", "C")
    assert list(site.images) == ["eye", "face", "cat"]


def test_overrides(folder: Path) -> None:
    """The command line may decide the target, and the quality of every pair."""
    (folder / "site.yaml").write_text(IMAGES + "pairs: [{content: cat, style: sea, quality: best}]\n")
    site = load_site(folder / "site.yaml", overrides=Overrides(target=Target.HTML, quality=Quality.DRAFT))
    assert site.target is Target.HTML
    assert site.pairs[0].paint.quality is Quality.DRAFT


def test_cache_is_used_and_written(folder: Path) -> None:
    """With a cache, a second check decodes nothing."""
    (folder / "site.yaml").write_text(IMAGES + "pairs: []\n")
    first = load_site(folder / "site.yaml", cache=ProbeCache(folder / "cache.json"))
    code = (
        "import sys; from pathlib import Path; from neural_gallery.site.manifest import load_site;"
        "from neural_gallery.site.memory import ProbeCache;"
        "site = load_site(Path('site.yaml'), cache=ProbeCache(Path('cache.json')));"
        "print(site.images['cat'].sha256, 'PIL' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_environment())
    assert done.stdout.split() == [first.images["cat"].sha256, "False"]


def _environment() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).parents[2])}


def test_importing_costs_little() -> None:
    """Reading manifests loads no library for numbers, pictures or Markdown."""
    code = "import sys, neural_gallery.site.manifest; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_environment())
    assert not {"jax", "numpy", "PIL", "markdown", "jinja2"} & set(done.stdout.split())


# --- the file --------------------------------------------------------------------------------------------------------


def test_no_manifest(folder: Path) -> None:
    """Without a manifest, the command that makes one is named."""
    with pytest.raises(ManifestError) as caught:
        load_site(Path("site.yaml"))
    assert str(caught.value) == (
        "site.yaml: there is no such manifest. Run 'neural-gallery init' to begin a site, or correct the path."
    )


def test_manifest_elsewhere_is_named_in_full(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages name the manifest as seen from the current folder, or by its whole path where it is not inside."""
    (folder / "site.yaml").write_text("version: 2\n")
    (folder / "inner").mkdir()
    monkeypatch.chdir(folder / "inner")
    with pytest.raises(ManifestError) as caught:
        load_site(Path("../site.yaml"))
    assert str(caught.value.problems[0].location) == f"{folder.as_posix()}/site.yaml:1:10"
    monkeypatch.chdir(folder.parent)
    with pytest.raises(ManifestError) as caught:
        load_site(folder / "site.yaml")
    assert str(caught.value.problems[0].location) == f"{folder.name}/site.yaml:1:10"


def test_whole(told: Told, fragment: list[str], messages: list[str]) -> None:
    """Manifests that are not YAML, that say nothing, or that are of another version."""
    assert told("".join(f"{line}\n" for line in fragment)) == messages


# --- keys and values -------------------------------------------------------------------------------------------------


def test_values(told: Told, fragment: list[str], messages: list[str]) -> None:
    """Each wrong key or value is one problem: what it is, and what it could be."""
    assert told("\n".join(["version: 1", "images: {}", *fragment, "pairs: []", ""])) == messages


def test_text_that_is_too_long(told: Told) -> None:
    """Texts have a bound."""
    text = f"version: 1\nimages: {{}}\npairs: []\nsite: {{title: {'x' * 5001}}}\n"
    assert told(text) == ["4:15: site.title is too long. Write at most 5000 characters."]


def test_sections_that_have_to_be_there(told: Told) -> None:
    """A manifest without images and pairs is told what to add."""
    assert told("version: 1\n") == [
        "1:1: the key 'images' is missing. "
        "Add 'images': pictures by name: 'name: {file: picture.jpg, alt: what it shows}'.",
        "1:1: the key 'pairs' is missing. Add 'pairs': a list of results: '- {content: name, style: name}'.",
    ]


# --- images ----------------------------------------------------------------------------------------------------------


def test_images(told: Told, fragment: list[str], messages: list[str]) -> None:
    """Each thing that can be wrong with an image."""
    lines = ["version: 1", "images:", *(f"  {line}" for line in fragment), "pairs: []", ""]
    assert told("\n".join(lines)) == messages


def test_links_that_lead_outside(told: Told, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A symbolic link does not hide that a picture lies elsewhere, and one in a circle does no harm."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    Image.new("RGB", (20, 20)).save(elsewhere / "a.png")
    (folder / "link").symlink_to(elsewhere)
    (folder / "circle.png").symlink_to(folder / "circle.png")
    text = "version: 1\nimages:\n  a: {file: link/a.png, alt: a}\n  b: {file: circle.png, alt: a}\npairs: []\n"
    assert told(text) == [
        "3:13: the path 'link/a.png' leads out of the site's folder. Use a path inside it, or give --allow-outside.",
        "4:13: the file 'circle.png' cannot be read: Too many levels of symbolic links. "
        "Check its path and its permissions.",
    ]
    text = text.replace("  b: {file: circle.png, alt: a}\n", "")
    (folder / "site.yaml").write_text(text)
    assert load_site(folder / "site.yaml", allow_outside=True).images["a"].path == folder / "link/a.png"


def test_paths_outside_where_that_is_allowed(folder: Path) -> None:
    """Pictures, posts, theme and output may lie elsewhere if the author says so."""
    (folder / "site").mkdir()
    (folder / "post.md").write_text("# P\n")
    (folder / "site/site.yaml").write_text(
        "version: 1\nsite: {output: ../public, theme: ..}\nimages: {a: {file: ../cat.png, alt: a}}\n"
        "pairs: []\nposts: [../*.md]\n"
    )
    with pytest.raises(InputError) as caught:
        load_site(folder / "site/site.yaml")
    remedy = "Use a path inside it, or give --allow-outside."
    assert [str(problem) for problem in caught.value.problems] == [
        f"site/site.yaml:2:16: the path '../public' leads out of the site's folder. {remedy}",
        f"site/site.yaml:2:34: the path '..' leads out of the site's folder. {remedy}",
        f"site/site.yaml:3:20: the path '../cat.png' leads out of the site's folder. {remedy}",
        f"site/site.yaml:5:9: '../*.md' matches '{folder.as_posix()}/post.md', outside the site's folder. {remedy}",
    ]
    site = load_site(folder / "site/site.yaml", allow_outside=True)
    assert (site.output, site.theme) == (folder / "public", folder)
    assert [post.title for post in site.posts] == ["P"]


@pytest.mark.parametrize("key", ["output", "theme"])
@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("x" * 300, "there is no folder '{}'. Correct the path; it is relative to the manifest's folder."),
        ("circle/x", "there is no folder '{}'. Correct the path; it is relative to the manifest's folder."),
        ("away", "the path '{}' leads out of the site's folder. Use a path inside it, or give --allow-outside."),
        ("away/x", "the path '{}' leads out of the site's folder. Use a path inside it, or give --allow-outside."),
    ],
)
def test_folders_that_cannot_be(
    told: Told, load: Load, folder: Path, tmp_path_factory: pytest.TempPathFactory, key: str, written: str, message: str
) -> None:
    """Long names, links in a circle and links out of the site: a folder to write to need not be there yet."""
    (folder / "away").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    (folder / "circle").symlink_to("circle")
    text = f"version: 1\nimages: {{}}\npairs: []\nsite: {{{key}: {written}}}\n"
    if key == "output" and "away" not in written:
        assert load(text).output == folder / written
    else:
        expected = [message.format(written)]
        if "away" in written and key == "theme" and "x" in written:
            expected.append(
                f"there is no folder '{written}'. Correct the path; it is relative to the manifest's folder."
            )
        assert [one.partition(": ")[2] for one in told(text)] == expected


def test_links_out_of_a_theme(told: Told, load: Load, folder: Path) -> None:
    """A theme in the site cannot publish what lies outside; links within the site are its own affair."""
    (folder / "look/static/css").mkdir(parents=True)
    (folder / "look/static/cat.png").symlink_to(folder / "cat.png")
    text = "version: 1\nimages: {}\npairs: []\nsite: {theme: look}\n"
    assert load(text).theme == folder / "look"
    (folder / "look/static/css/a.css").symlink_to("/etc/passwd")
    assert told(text) == [
        "4:15: the theme's 'static/css/a.css' is a link that leads out of the site's folder. "
        "Copy what it leads to, or give --allow-outside."
    ]


def test_posts_behind_links(told: Told, load: Load, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Links in circles are followed once, links out of the site not by `**`, and told where a path names them."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "b.md").write_text("# B\n")
    (folder / "posts").mkdir()
    (folder / "posts/a.md").write_text("# A\n")
    for name, target in (("one", "."), ("two", "."), ("three", ".."), ("away", elsewhere)):
        (folder / "posts" / name).symlink_to(target)
    site = load("version: 1\nimages: {}\npairs: []\nposts: ['**/*.md', 'posts/**/**/**/**/*.md']\n")
    assert [post.file for post in site.posts] == ["posts/a.md"]
    remedy = "Use a path inside it, or give --allow-outside."
    assert told(
        "version: 1\nimages: {}\npairs: []\nposts: [posts/away/*.md, /**/*.md, '../**/*.md', 'posts/away/**']\n"
    ) == [
        f"4:9: 'posts/away/*.md' matches '{folder.as_posix()}/posts/away/b.md', outside the site's folder. {remedy}",
        f"4:26: the pattern '/**/*.md' leads out of the site's folder. {remedy}",
        f"4:36: the pattern '../**/*.md' leads out of the site's folder. {remedy}",
        f"4:50: the pattern 'posts/away/**' leads out of the site's folder. {remedy}",
    ]


@pytest.mark.parametrize(
    "pattern", ["x" * 300 + ".md", "a\u202egnp.md", "\u200f😀.md", "circle/*.md", "'[!'", "'a**b/*'"]
)
def test_patterns_that_match_nothing(told: Told, folder: Path, pattern: str) -> None:
    """Names that no file can have, and patterns that are none, match nothing."""
    (folder / "circle").symlink_to("circle")
    shown = pattern.strip("'")
    assert told(f"version: 1\nimages: {{}}\npairs: []\nposts: [{pattern}]\n") == [
        f"4:9: no file matches '{shown}'. Correct it; it is relative to the manifest's folder."
    ]


@pytest.mark.parametrize("name", ["a\u202egnp.png", "\u200f😀.png", "con.png"])
def test_unusual_names_of_pictures(load: Load, folder: Path, name: str) -> None:
    """A picture's file may be called anything: it is published under another name."""
    (folder / "cat.png").rename(folder / name)
    site = load(f"version: 1\nimages: {{cat: {{file: {name}, alt: a}}}}\npairs: []\n")
    assert site.images["cat"].path == folder / name


def test_manifest_with_a_name_that_cannot_be(folder: Path) -> None:
    """A name that is too long, or a link in a circle."""
    (folder / "circle.yaml").symlink_to("circle.yaml")
    for name in ("x" * 300, "circle.yaml"):
        with pytest.raises(ManifestError) as caught:
            load_site(Path(name))
        assert "there is no such manifest." in str(caught.value)


def test_thousands_of_problems(told: Told) -> None:
    """However many misspelt names there are, what is wrong is told in seconds."""
    names = "".join(f"  picture{number}: {{from: gone, crop: [0, 0, 16, 16], alt: a}}\n" for number in range(100))
    pairs = "".join(f"  - {{content: pikture{number}, style: pikture{number}, sise: 3}}\n" for number in range(1500))
    started = time.process_time()
    found = told(f"version: 1\nimages:\n{names}pairs:\n{pairs}")
    assert sum("'sise'" in one for one in found) == 1500
    assert 1000 < sum("pikture" in one for one in found) < 1010  # the others are told when these are mended
    assert time.process_time() - started < 20


# --- all at once -----------------------------------------------------------------------------------------------------


def test_every_problem_in_one_run(told: Told, folder: Path) -> None:
    """Problems of keys, values, files, names and posts are told together, in the order of the file, posts last."""
    (folder / "a.md").write_text("---\ntitle: 3\n---\n")
    assert told(
        """\
version: 1
site: {titel: Night, theme: gone}
defaults: {strength: 2}
images:
  cat: {file: cat.png}
  dog: {file: dog.png, alt: a dog, crop: [0, 0]}
  sea: {file: sea.jpg, alt: waves, alt: water}
pairs:
  - {content: cat, style: see, size: 3}
  - {content: cow, style: sea, stile: sea}
  - {content: cat, style: sea}
  - {content: cat, style: sea}
posts: [a.md, none.md]
"""
    ) == [
        "2:8: site: the key 'titel' is not known. Did you mean 'title'?",
        "2:29: there is no folder 'gone'. Correct the path; it is relative to the manifest's folder.",
        "3:22: defaults.strength is 2, which is out of bounds. Write a number from 0 to 1.",
        "5:3: images.cat: the key 'alt' is missing. "
        "Add 'alt': what the picture shows, in a few words, for people who do not see it.",
        "6:15: there is no file 'dog.png'. Check the path; it is relative to the manifest's folder.",
        "6:42: images.dog.crop has 2 entries. Write [left, top, width, height].",
        "7:36: the key 'alt' is given twice, first on line 7, column 24. Remove one of the two.",
        "9:27: pair 1 names the style 'see', which is not declared under images. Did you mean 'sea'?",
        "9:38: pair 1: size is 3, which is out of bounds. Write a whole number from 16 to 8192.",
        "10:15: pair 2 names the content 'cow', which is not declared under images. "
        "Declare it there, or correct the name.",
        "10:32: pair 2: the key 'stile' is not known. Did you mean 'style'?",
        "12:5: pair 4 would be published as 'cat-sea', a name already taken by pair 3 (site.yaml:11:5). "
        "Give it an id of its own.",
        "13:15: no file matches 'none.md'. Correct it; it is relative to the manifest's folder.",
        "a.md:2:8: the title is not text: YAML reads 3 as a number. Write it in quotes: '3'.",
    ]


def test_a_broken_picture_is_told_once(told: Told) -> None:
    """Parts and pairs of a picture that cannot be used say nothing more about it."""
    text = """\
version: 1
images:
  dog: {file: dog.png, alt: a dog}
  paw: {from: dog, crop: [0, 0, 16, 16], alt: a paw}
  sea: {file: sea.jpg, alt: waves}
pairs:
  - {content: dog, style: sea}
  - {content: paw, style: {sea: 1, dog: 1}}
"""
    assert told(text) == ["3:15: there is no file 'dog.png'. Check the path; it is relative to the manifest's folder."]


NAMES = st.sampled_from(["cat", "sea", "no", "x y", "version", "file", "alt", "from", "crop", "content", "style", "id"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates() | NAMES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.integers(), inner, max_size=4),
    max_leaves=8,
)
KEYS = ["site", "defaults", "images", "pairs", "posts", "vresion"]
SITE_KEYS = ["title", "target", "output", "theme", "base_url", "images_path"]
PAIR_KEYS = ["content", "contents", "style", "styles", "id", "size", "stills", "animation", "caption"]
SECTIONS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(KEYS, VALUES),
        "site": VALUES | st.dictionaries(st.sampled_from(SITE_KEYS), VALUES),
        "images": VALUES | st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES)),
        "pairs": VALUES | st.lists(VALUES | st.dictionaries(st.sampled_from(PAIR_KEYS), VALUES)),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(SECTIONS)
def test_any_manifest_is_read_or_refused(folder: Path, sections: dict[str, object]) -> None:
    """Whatever stands in a manifest, the only error is our own, with a place for each problem."""
    (folder / "site.yaml").write_text(yaml.safe_dump({"version": 1, **sections}, allow_unicode=True))
    try:
        problems = load_site(folder / "site.yaml", allow_outside=True).pairs and ()
    except InputError as error:
        problems = error.problems
    assert all(problem.location and problem.message.endswith(".") and problem.remedy for problem in problems)
