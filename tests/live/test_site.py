"""A live site: what is shown, painted and told when its sources change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from neural_gallery.corridor.events import EncodingStarted, PairDone, PairFailed, PairProgress, PairStarted
from neural_gallery.live.events import AllPainted, Mended, ProblemsFound, Refreshed
from neural_gallery.store.store import Store
from neural_gallery.workers.messages import Job, Message, Painter, Progress

from .conftest import HeldPainter, Living

Live = Callable[..., Living]
WriteSite = Callable[..., Path]

POST = """\
---
title: One
---
A sky.

/// pair | sky-sun
///
"""


def shown(living: Living, path: str = "index.html") -> str:
    """A page as it stands."""
    asset = living.site.find(path)
    assert asset is not None
    return asset.read().decode()


def saved(living: Living, name: str, old: str, new: str) -> None:
    """A source, saved with something else in it."""
    path = living.folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def with_checkpoints(painter: Painter) -> Painter:
    """The same painter; each of its messages brings something to go on from."""

    def paint(job: Job) -> Iterator[Message]:
        for message in painter(job):
            if isinstance(message, Progress):
                message = replace(message, checkpoint=str(message.step).encode())
            yield message

    return paint


def test_it_is_there_before_anything_is_painted(live: Live, write_site: WriteSite, held: HeldPainter):
    """All pages stand at once; pairs wait."""
    living = live(write_site())
    assert living.site.preview is not None
    assert living.site.preview.waiting == {"sky-sun", "sea-sun"}
    assert 'id="sky-sun"' in shown(living)
    held.let()
    living.until(AllPainted)
    assert living.site.preview.waiting == set()
    assert [job.name for job in held.begun] == ["sky-sun", "sea-sun"]


def test_a_saved_post_is_shown(live: Live, write_site: WriteSite):
    """Only the pages that it changes are told as changed."""
    living = live(write_site(posts={"one.md": POST}), paints=False)
    saved(living, "one.md", "A sky.", "A wide sky.")
    event = living.until(Refreshed)
    assert event.sources == ("one.md",)
    assert "A wide sky." in shown(living, next(file for file in event.files if file.endswith(".html")))
    assert not any("static" in file or "by-" in file for file in event.files)
    assert event.seconds < 5


def test_saving_without_a_change_tells_nothing(live: Live, write_site: WriteSite):
    """Nothing is loaded anew for it; what changes afterwards is."""
    living = live(write_site(posts={"one.md": POST}), paints=False)
    version = living.site.version
    (living.folder / "one.md").write_text(POST)
    (living.folder / "notes.txt").write_text("nothing of the site's")
    living.site.refresh()
    assert living.site.version == version
    saved(living, "site.yaml", "title: Small", "title: Smaller")
    living.until(Refreshed)
    assert "Smaller" in shown(living)
    assert living.site.version != version


def test_new_posts_in_new_folders_are_found(live: Live, write_site: WriteSite):
    """Folders that come are watched from then on."""
    manifest = write_site(posts={"one.md": POST})
    saved_text = manifest.read_text().replace("posts: ['one.md']", "posts: ['one.md', 'more/**/*.md']")
    (manifest.parent / "more").mkdir()
    (manifest.parent / "more/two.md").write_text(POST.replace("One", "Two"))
    manifest.write_text(saved_text)
    living = live(manifest, paints=False)
    (living.folder / "more/inner").mkdir()
    (living.folder / "more/inner/three.md").write_text(POST.replace("One", "Three"))
    living.until(Refreshed, lambda event: "Three" in shown(living))
    saved(living, "more/inner/three.md", "title: Three", "title: Four")
    living.until(Refreshed, lambda event: "Four" in shown(living))


def test_a_theme_is_watched(live: Live, write_site: WriteSite):
    """Its stylesheet and its templates, those that come included."""
    manifest = write_site(("target: html", "target: html\n  theme: mine"))
    (manifest.parent / "mine/static/css").mkdir(parents=True)
    (manifest.parent / "mine/templates").mkdir()
    living = live(manifest, paints=False)
    (living.folder / "mine/static/css/gallery.css").write_text("body { color: teal }")
    assert living.until(Refreshed).files == ("static/css/gallery.css",)
    (living.folder / "mine/templates/page.html").write_text(
        '{% extends "!default/page.html" %}{% block footer %}mine{% endblock %}'
    )
    living.until(Refreshed)
    assert "mine" in shown(living)
    (living.folder / "mine/templates/page.html").write_text("{% extends %}")
    problem = living.until(ProblemsFound).problems[0]
    assert str(problem.location) == "mine/templates/page.html:1"


def test_problems_are_told_and_go(live: Live, write_site: WriteSite, monkeypatch):
    """The pages stay as they were until it is mended."""
    manifest = write_site()
    monkeypatch.chdir(manifest.parent)
    living = live(manifest, paints=False)
    saved(living, "site.yaml", "style: sun}", "style: sum}")
    (told,) = living.until(ProblemsFound).problems
    assert str(told) == (
        "site.yaml:14:27: pair 1 names the style 'sum', which is not declared under images. Did you mean 'sun'?"
    )
    assert living.site.greeting()["problems"] == [
        {
            "where": "site.yaml:14:27",
            "message": "pair 1 names the style 'sum', which is not declared under images.",
            "remedy": "Did you mean 'sun'?",
        }
    ]
    assert 'id="sky-sun"' in shown(living)
    saved(living, "site.yaml", "style: sum}", "style: sun}")
    living.until(Mended)
    assert living.site.problems == ()


def test_a_start_with_problems(live: Live, write_site: WriteSite, held: HeldPainter):
    """Nothing to show, nothing painted; both come when it is mended."""
    living = live(write_site(("style: sun}", "style: sum}")))
    assert living.site.preview is None
    held.let()
    saved(living, "site.yaml", "style: sum}", "style: sun}")
    living.until(AllPainted)
    assert living.site.preview is not None
    assert living.site.preview.waiting == set()


def test_a_missing_picture_that_comes(live: Live, write_site: WriteSite):
    """A file that mends the manifest is seen, wherever below the site's folder it comes."""
    manifest = write_site(("file: sea.png", "file: pictures/sea.png"))
    (manifest.parent / "pictures").mkdir()
    living = live(manifest, paints=False)
    assert living.site.preview is None
    (living.folder / "sea.png").rename(living.folder / "pictures/sea.png")
    living.until(Mended)
    assert living.site.preview is not None


def test_a_pair_that_is_not_wanted_any_more_is_left(live: Live, write_site: WriteSite, held: HeldPainter):
    """Painting turns at once to what the manifest asks for now; what was painted before stays painted."""
    living = live(write_site())
    held.let(5 + 2)  # the first pair, and half of the second
    living.until(PairProgress, lambda event: (event.pair, event.step) == ("sea-sun", 2))
    saved(living, "site.yaml", "strength: 0.7", "strength: 0.9")
    living.until(Refreshed)
    held.let()
    living.until(AllPainted)
    assert held.left == ["sea-sun"]
    assert [job.name for job in held.begun] == ["sky-sun", "sea-sun", "sea-sun"]
    assert [job.settings.strength for job in held.begun] == [0.5, 0.7, 0.9]
    assert len(Store(living.folder / ".neural-gallery").records()) == 2


def test_a_pair_that_is_wanted_again_goes_on(live: Live, write_site: WriteSite, held: HeldPainter):
    """What was left at a change is gone on with, from its last checkpoint, when a later one asks for it again."""
    held.painter = with_checkpoints(held.painter)
    living = live(write_site())
    held.let(5 + 2)  # the first pair, and half of the second
    living.until(PairProgress, lambda event: (event.pair, event.step) == ("sea-sun", 2))
    saved(living, "site.yaml", "strength: 0.7", "strength: 0.9")
    living.until(Refreshed)
    held.let(1)
    living.until(PairStarted)
    saved(living, "site.yaml", "strength: 0.9", "strength: 0.7")
    living.until(Refreshed)
    held.let()
    living.until(AllPainted)
    found = [(job.settings.strength, job.checkpoint) for job in held.begun if job.name == "sea-sun"]
    assert found == [(0.7, None), (0.9, None), (0.7, b"3")]


def test_a_pair_that_is_still_wanted_is_finished(live: Live, write_site: WriteSite, held: HeldPainter):
    """A change that concerns another pair does not stop it, and the other is painted as it is now."""
    living = live(write_site())
    held.let(2)
    living.until(PairProgress, lambda event: event.step == 2)
    saved(living, "site.yaml", "strength: 0.7", "strength: 0.9")
    living.until(Refreshed)
    held.let()
    living.until(AllPainted)
    assert held.left == []
    assert [(job.name, job.settings.strength) for job in held.begun] == [("sky-sun", 0.5), ("sea-sun", 0.9)]


def test_other_changes_do_not_disturb_painting(live: Live, write_site: WriteSite, held: HeldPainter):
    """A title is nothing that pixels depend on."""
    living = live(write_site())
    held.let(2)
    living.until(PairProgress, lambda event: event.step == 2)
    saved(living, "site.yaml", "title: Small", "title: Smaller")
    living.until(Refreshed)
    held.let()
    living.until(AllPainted)
    assert [job.name for job in held.begun] == ["sky-sun", "sea-sun"]


def test_a_pair_that_fails_is_told_and_not_tried_again(live: Live, write_site: WriteSite, held, painter):
    """The others are painted; with another strength it is another painting, and the problem goes."""
    painter.fails = {"sky-sun"}
    living = live(write_site())
    held.let()
    living.until(PairFailed)
    living.until(AllPainted)
    assert [str(problem) for problem in living.site.problems] == ["'sky-sun' diverged. Try another seed."]
    assert [job.name for job in held.begun] == ["sky-sun", "sea-sun"]
    assert living.site.greeting()["progress"] is None
    painter.fails = set()
    saved(living, "site.yaml", "{content: sky, style: sun}", "{content: sky, style: sun, seed: 1}")
    living.until(PairDone)
    living.until(Mended)


def test_nothing_is_painted_if_nothing_shall_be(live: Live, write_site: WriteSite, held: HeldPainter):
    """What pages show is encoded all the same."""
    living = live(write_site(), paints=False)
    living.until(AllPainted)
    assert held.begun == []
    assert any(isinstance(event, EncodingStarted) for event in living.heard)


def test_another_program_at_work(live: Live, write_site: WriteSite, held: HeldPainter, monkeypatch):
    """While another holds the store that is told, and painting begins when it lets go."""
    monkeypatch.setattr("neural_gallery.live.easel.PATIENCE", 0.05)
    manifest = write_site()
    held.let()
    with Store(manifest.parent / ".neural-gallery").lock():
        living = live(manifest)
        assert "another neural-gallery is at work" in str(living.until(ProblemsFound).problems[0])
        assert held.begun == []
    living.until(PairStarted)
    living.until(Mended)


def test_a_painting_that_is_done_while_the_manifest_is_wrong(live: Live, write_site: WriteSite, held: HeldPainter):
    """It appears on the pages as they were read last."""
    living = live(write_site())
    held.let(1)
    living.until(PairProgress)
    saved(living, "site.yaml", "strength: 0.7", "strength: 7")
    living.until(ProblemsFound)
    held.let()
    living.until(AllPainted)
    assert living.site.preview is not None
    assert living.site.preview.waiting == set()
