"""A whole build: what is painted, encoded and written, and what a second one leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from neural_gallery.corridor.checking import check
from neural_gallery.corridor.events import EncodingStarted, Event, Note, PairDone, PairFailed, PlanReady, Rendered
from neural_gallery.corridor.run import build, collect_garbage, paint, render
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import InputError, PaintError, RunError, UsageError
from neural_gallery.site.manifest import load_site
from neural_gallery.site.model import Site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store

WriteSite = Callable[..., Path]
ONE_PAIR_LESS = ("  - {content: sea, style: sun, strength: 0.7}\n", "")


def opened(manifest: Path) -> tuple[Site, Store]:
    """The site and its store, as a new process would see them."""
    return load_site(manifest), Store(manifest.parent / STORE_FOLDER)


def built(manifest: Path, workshop: Workshop) -> list[Event]:
    """Build, and give what was told."""
    return list(build(*opened(manifest), workshop))


def rendered(events: list[Event]) -> Rendered:
    """The last event of a run that wrote pages."""
    assert isinstance(events[-1], Rendered)
    return events[-1]


def encoded(events: list[Event]) -> list[str]:
    """The files encoded, without their folder."""
    return [Path(event.path).name for event in events if isinstance(event, EncodingStarted)]


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder with its time of change and its inode."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.stat().st_ino)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_first_build(write_site: WriteSite, workshop: Workshop, painter):
    """Everything is painted, in the manifest's order, and the files have the names that sites rely on."""
    manifest = write_site()
    events = built(manifest, workshop)
    assert painter.painted == ["sky-sun", "sea-sun"]
    names = {path.name for path in (manifest.parent / "public" / "static" / "img").iterdir()}
    assert names == {
        *("sky.png", "sky-24w.webp", "sky-48w.webp"),
        *("sea.png", "sea-24w.webp", "sea-48w.webp"),
        *("sky-sun.png", "sky-sun-24w.webp", "sky-sun-48w.webp", "sky-sun-5fps.gif", "sky-sun-5fps.webp"),
        *("sea-sun.png", "sea-sun-24w.webp", "sea-sun-48w.webp", "sea-sun-5fps.gif", "sea-sun-5fps.webp"),
    }
    assert rendered(events).start == "index.html"
    assert set(rendered(events).written) == {
        path.relative_to(manifest.parent / "public").as_posix()
        for path in (manifest.parent / "public").rglob("*")
        if path.is_file()
    }


def test_result_has_the_true_size(write_site: WriteSite, workshop: Workshop):
    """The fallback is as large as the page says that it is."""
    from PIL import Image

    manifest = write_site()
    built(manifest, workshop)
    with Image.open(manifest.parent / "public/static/img/sky-sun.png") as image:
        assert image.size == (48, 32)
    page = (manifest.parent / "public/index.html").read_text()
    assert 'width="48" height="32"' in page


def test_second_build_writes_nothing(write_site: WriteSite, workshop: Workshop, painter):
    """Nothing is painted, encoded or written twice: not a file in the whole folder of the site changes."""
    manifest = write_site()
    built(manifest, workshop)
    before = state(manifest.parent)
    events = built(manifest, workshop)
    assert [type(event) for event in events] == [PlanReady, Rendered]
    assert (rendered(events).written, rendered(events).removed) == ((), ())
    assert len(painter.painted) == 2
    assert state(manifest.parent) == before


def test_caption_changes_pages_only(write_site: WriteSite, workshop: Workshop, painter):
    """A new caption writes the pages that have it, and nothing else."""
    manifest = write_site()
    built(manifest, workshop)
    write_site(("{content: sky, style: sun}", "{content: sky, style: sun, caption: Evening}"))
    events = built(manifest, workshop)
    assert encoded(events) == []
    assert rendered(events).written == ("index.html", "by-style/sun.html", "by-content/sky.html")
    assert len(painter.painted) == 2


def test_fps_changes_animations_only(write_site: WriteSite, workshop: Workshop, painter):
    """A new frame rate encodes the animations anew, under their new names; the old ones go."""
    manifest = write_site(ONE_PAIR_LESS)
    built(manifest, workshop)
    write_site(ONE_PAIR_LESS, ("fps: 5", "fps: 8"))
    events = built(manifest, workshop)
    assert encoded(events) == ["sky-sun-8fps.gif", "sky-sun-8fps.webp"]
    assert rendered(events).removed == ("static/img/sky-sun-5fps.gif", "static/img/sky-sun-5fps.webp")
    assert painter.painted == ["sky-sun"]


def test_added_pair(write_site: WriteSite, workshop: Workshop, painter):
    """A new pair is painted alone."""
    manifest = write_site(ONE_PAIR_LESS)
    built(manifest, workshop)
    write_site()
    events = built(manifest, workshop)
    assert painter.painted == ["sky-sun", "sea-sun"]
    assert all(name.startswith("sea") for name in encoded(events))


def test_removed_pair(write_site: WriteSite, workshop: Workshop):
    """The files of a pair that is gone go too, with those of the picture that nothing shows any more, and pages."""
    manifest = write_site()
    built(manifest, workshop)
    write_site(ONE_PAIR_LESS)
    removed = rendered(built(manifest, workshop)).removed
    assert {Path(path).name for path in removed} == {
        *("sea.png", "sea-24w.webp", "sea-48w.webp"),
        *("sea-sun.png", "sea-sun-24w.webp", "sea-sun-48w.webp", "sea-sun-5fps.gif", "sea-sun-5fps.webp"),
        *("pictures.html", "sun.html", "sky.html", "sea.html"),  # one result has no index pages
    }


def test_parts_that_vanish(write_site: WriteSite, workshop: Workshop):
    """With fewer pairs a listing has fewer parts: those that are not made any more go, with their folders."""
    one_a_page = ("  target: html\n", "  target: html\n  pairs_per_page: 1\n")
    manifest = write_site(one_a_page)
    built(manifest, workshop)
    public = manifest.parent / "public"
    assert {path.relative_to(public).as_posix() for path in public.rglob("page-*/*")} == {
        "page-2/index.html",
        "by-style/page-2/sun.html",
    }
    write_site(one_a_page, ONE_PAIR_LESS)
    assert {"page-2/index.html", "by-style/page-2/sun.html"} < set(rendered(built(manifest, workshop)).removed)
    assert list(public.rglob("page-*")) == []


def test_fewer_frames_do_not_repaint(write_site: WriteSite, workshop: Workshop, painter):
    """Fewer frames are taken from those in the store; more have to be painted."""
    from PIL import Image

    manifest = write_site(ONE_PAIR_LESS)
    built(manifest, workshop)
    write_site(ONE_PAIR_LESS, ("frames: 4", "frames: 3"))
    built(manifest, workshop)
    assert painter.painted == ["sky-sun"]
    with Image.open(manifest.parent / "public/static/img/sky-sun-5fps.gif") as image:
        assert image.n_frames == 3
    write_site(ONE_PAIR_LESS, ("frames: 4", "frames: 6"))
    built(manifest, workshop)
    assert painter.painted == ["sky-sun", "sky-sun"]


def test_painting_shared_by_two_pairs(write_site: WriteSite, workshop: Workshop, painter):
    """Two pairs that differ in their captions only are one painting, with the frames of the more demanding one."""
    manifest = write_site(
        (
            "  - {content: sea, style: sun, strength: 0.7}\n",
            "  - {content: sky, style: sun, id: twin, animation: {frames: 6}}\n",
        )
    )
    built(manifest, workshop)
    assert painter.painted == ["sky-sun"]
    events = built(manifest, workshop)
    assert isinstance(events[0], PlanReady)
    assert events[0].plan.to_paint == ()
    assert (manifest.parent / "public/static/img/twin.png").exists()


def test_transparency_is_kept(write_site: WriteSite, workshop: Workshop):
    """The result of a transparent content is transparent where the content is."""
    import numpy as np
    from PIL import Image

    manifest = write_site(ONE_PAIR_LESS)
    rgba = np.zeros((60, 90, 4), np.uint8)
    rgba[:, 45:, 3] = 255
    Image.fromarray(rgba).save(manifest.parent / "sky.png")
    built(manifest, workshop)
    with Image.open(manifest.parent / "public/static/img/sky-sun.png") as image:
        alpha = np.asarray(image.convert("RGBA"))[..., 3]
    assert alpha.shape == (32, 48)
    assert alpha[0, 0] == 0
    assert alpha[0, -1] == 255


def test_failed_pair(write_site: WriteSite, workshop: Workshop, painter):
    """A pair that cannot be painted stops neither the others nor, later, what is kept of them; no page is written."""
    manifest = write_site()
    painter.fails = {"sky-sun"}
    events: list[Event] = []
    with pytest.raises(PaintError) as caught:
        events.extend(build(*opened(manifest), workshop))  # what came before the error is kept
    assert str(caught.value) == (
        "'sky-sun' diverged. Try another seed.\n"
        "the pages were not written, because they show 'sky-sun'. What was painted is kept."
    )
    assert [event.pair for event in events if isinstance(event, PairFailed)] == ["sky-sun"]
    assert [event.pair for event in events if isinstance(event, PairDone)] == ["sea-sun"]
    assert not (manifest.parent / "public").exists()
    painter.fails = set()
    built(manifest, workshop)
    assert painter.painted == ["sea-sun", "sky-sun"]


def test_failed_pair_that_no_page_shows(write_site: WriteSite, workshop: Workshop, painter):
    """Pages that do not show the failed pair are written; the run fails all the same."""
    post = "---\ntitle: Sea\ndate: 2025-01-01\n---\n/// pair | sea-sun\n///\n"
    manifest = write_site(posts={"2025-01-01-sea.md": post})
    painter.fails = {"sky-sun"}
    with pytest.raises(PaintError) as caught:
        built(manifest, workshop)
    assert str(caught.value) == "'sky-sun' diverged. Try another seed."
    assert (manifest.parent / "public/index.html").exists()


def test_interrupted_build_goes_on(write_site: WriteSite, workshop: Workshop, painter):
    """What was finished before Ctrl-C is not painted again, and the store is free for the next run."""
    manifest = write_site()
    painter.stops_at = "sea-sun"
    with pytest.raises(KeyboardInterrupt):
        built(manifest, workshop)
    painter.stops_at = ""
    built(manifest, workshop)
    assert painter.painted == ["sky-sun", "sea-sun"]


@pytest.mark.parametrize("damaged", ["record.json", "still.png"])
def test_damaged_painting_is_painted_again(write_site: WriteSite, workshop: Workshop, painter, damaged: str):
    """A damaged painting that has to be read is painted again, with a word about it."""
    manifest = write_site(ONE_PAIR_LESS)
    built(manifest, workshop)
    file = next((manifest.parent / STORE_FOLDER / "paintings").rglob(damaged))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    write_site(ONE_PAIR_LESS, ("fps: 5", "fps: 8"))
    events = built(manifest, workshop)
    assert isinstance(events[0], PlanReady)
    assert events[0].plan.to_paint[0].reasons == ("its stored painting is damaged",)
    notes = [event.message for event in events if isinstance(event, Note)]
    assert len(notes) == 1
    assert "is damaged" in notes[0]
    assert notes[0].endswith("it is painted again")
    assert painter.painted == ["sky-sun", "sky-sun"]


def test_damaged_encoding_is_made_again(write_site: WriteSite, workshop: Workshop, painter):
    """A damaged encoding is found when it is to be copied, and made again from the painting."""
    manifest = write_site(ONE_PAIR_LESS)
    built(manifest, workshop)
    for file in (manifest.parent / STORE_FOLDER / "encoded").rglob("*.gif"):
        file.write_bytes(b"\0" * file.stat().st_size)
    still = manifest.parent / "public/static/img/sky-sun-5fps.gif"
    good = still.read_bytes()
    still.unlink()
    events = built(manifest, workshop)
    assert encoded(events) == ["sky-sun-5fps.gif"]
    assert [type(event) for event in events if isinstance(event, Note)] == [Note]
    assert still.read_bytes() == good
    assert painter.painted == ["sky-sun"]


def test_foreign_file_in_the_way(write_site: WriteSite, workshop: Workshop):
    """A file that somebody else put into the output folder is never overwritten."""
    manifest = write_site()
    (manifest.parent / "public").mkdir()
    (manifest.parent / "public/index.html").write_text("mine")
    with pytest.raises(RunError) as caught:
        built(manifest, workshop)
    assert "index.html is there already, and neural-gallery did not write it." in str(caught.value)
    assert (manifest.parent / "public/index.html").read_text() == "mine"


def test_existing_jekyll_site(write_site: WriteSite, workshop: Workshop):
    """In a Jekyll site with a configuration of its own, that stays, and no layouts are added."""
    post = "---\ntitle: Sea\n---\n/// pair | sea-sun\n///\n"
    manifest = write_site(("target: html", "target: jekyll"), posts={"2025-01-01-sea.md": post})
    (manifest.parent / "public").mkdir()
    (manifest.parent / "public/_config.yml").write_text("title: mine\n")
    events = built(manifest, workshop)
    assert (manifest.parent / "public/_config.yml").read_text() == "title: mine\n"
    assert not (manifest.parent / "public/_layouts").exists()
    assert "_posts/2025-01-01-sea.html" in rendered(events).written
    assert rendered(events).start == ""


def test_new_jekyll_site(write_site: WriteSite, workshop: Workshop):
    """An empty output folder becomes a whole Jekyll site, also in the second build."""
    post = "---\ntitle: Sea\n---\n/// pair | sea-sun\n///\n"
    manifest = write_site(("target: html", "target: jekyll"), posts={"2025-01-01-sea.md": post})
    built(manifest, workshop)
    assert (manifest.parent / "public/_config.yml").exists()
    assert rendered(built(manifest, workshop)).removed == ()


def test_check_tells_everything(write_site: WriteSite):
    """Problems of posts and clashing names are told together, sorted by place."""
    manifest = write_site(
        ("formats: [webp]", "formats: [webp, png]"),
        ("{content: sky, style: sun}", "{content: sky, style: sun, id: sky-24w}"),
        posts={"2025-01-01-sea.md": "---\ntitle: Sea\n---\n/// pair | sea-son\n///\n/// picture | sky\n///\n"},
    )
    with pytest.raises(InputError) as caught:
        check(load_site(manifest))
    problems = {problem.location.file.rpartition("/")[2]: problem for problem in caught.value.problems}
    post, clash = problems["2025-01-01-sea.md"], problems["site.yaml"]
    assert len(caught.value.problems) == 2
    assert (post.location.line, post.location.column) == (4, 12)
    assert (post.message, post.remedy) == ("there is no pair 'sea-son'.", "Did you mean 'sea-sun'?")
    assert (clash.location.line, clash.location.column) == (14, 5)
    assert clash.message == (
        "the pair 'sky-24w' and the picture 'sky' would both be written as 'static/img/sky-24w.png'."
    )
    assert clash.remedy == "Give one of them another name."


def test_nothing_is_painted_before_the_check(write_site: WriteSite, workshop: Workshop, painter):
    """A post that asks for what is not there stops a build at once."""
    manifest = write_site(posts={"2025-01-01-sea.md": "---\ntitle: Sea\n---\n/// pair | see\n///\n"})
    with pytest.raises(InputError):
        built(manifest, workshop)
    assert painter.painted == []


def test_paint_some(write_site: WriteSite, workshop: Workshop, painter):
    """Only the pairs asked for are painted, and no page is written."""
    manifest = write_site()
    list(paint(*opened(manifest), workshop, pair_ids=["sea-sun"]))
    assert painter.painted == ["sea-sun"]
    assert not (manifest.parent / "public").exists()


def test_paint_unknown(write_site: WriteSite, workshop: Workshop):
    """Every unknown id is told, with the nearest known one."""
    with pytest.raises(UsageError) as caught:
        list(paint(*opened(write_site()), workshop, pair_ids=["sea-son", "moon", "sky-sun"]))
    assert str(caught.value) == (
        "there is no pair 'sea-son'. Did you mean 'sea-sun'?\n"
        "there is no pair 'moon'. `neural-gallery plan` lists the pairs."
    )


def test_render_needs_paintings(write_site: WriteSite, workshop: Workshop, painter):
    """Rendering names every pair that is shown but not painted, by its place in the manifest."""
    manifest = write_site()
    list(paint(*opened(manifest), workshop, pair_ids=["sea-sun"]))
    with pytest.raises(RunError) as caught:
        list(render(*opened(manifest), workshop))
    assert str(caught.value).endswith(
        "site.yaml:14:5: pair 'sky-sun' is not painted yet (never painted). Run `neural-gallery build`."
    )
    assert caught.value.exit_code == 1
    assert painter.painted == ["sea-sun"]


def test_render(write_site: WriteSite, workshop: Workshop, painter):
    """What is painted is encoded and put on pages without the painter."""
    manifest = write_site()
    list(paint(*opened(manifest), workshop))
    events = list(render(*opened(manifest), workshop))
    assert "index.html" in rendered(events).written
    assert painter.painted == ["sky-sun", "sea-sun"]


def test_garbage(write_site: WriteSite, workshop: Workshop, painter):
    """Only what no entry of the manifest uses is collected; a build after it has nothing to do."""
    manifest = write_site()
    built(manifest, workshop)
    assert collect_garbage(*opened(manifest), workshop).paths == ()
    write_site(ONE_PAIR_LESS)
    would = collect_garbage(*opened(manifest), workshop, dry_run=True)
    swept = collect_garbage(*opened(manifest), workshop)
    assert would == swept
    assert len(swept.paintings) == 1
    assert swept.bytes > 0
    built(manifest, workshop)
    assert len(painter.painted) == 2


def test_hugo_site(write_site: WriteSite, workshop: Workshop):
    """A Hugo site gets content and static files, and keeps what it has; what is not made any more is removed."""
    manifest = write_site(("target: html", "target: hugo"), posts={"2025-01-01-sea.md": "About the sea.\n"})
    public = manifest.parent / "public"
    (public / "content").mkdir(parents=True)
    theirs = {"hugo.toml": "title = 'Mine'\n", "content/about.md": "---\ntitle: About\n---\n"}
    for name, text in theirs.items():
        (public / name).write_text(text)
    built(manifest, workshop)
    assert {path.relative_to(public).parts[0] for path in public.rglob("*")} == {"content", "hugo.toml", "static"}
    assert "sea-sun.png" in (public / "content/posts/sea.html").read_text()
    assert (public / "static/img/sea-sun.png").is_file()
    built(write_site(("target: html", "target: hugo")), workshop)
    assert not (public / "content/posts/sea.html").exists()
    assert (public / "content/gallery.html").is_file()
    assert {name: (public / name).read_text() for name in theirs} == theirs
