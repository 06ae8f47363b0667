"""A build that ends in time: what waits on the pages, and that the next run brings the site to where it would be."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import pytest
from PIL import Image

from neural_gallery.corridor.deadline import CHECKPOINT_EVERY, ENDING, NO_DEADLINE, Deadline
from neural_gallery.corridor.events import Event, PairStarted, PairStopped, PlanReady, Rendered, TimeUp
from neural_gallery.corridor.planning import make_plan
from neural_gallery.corridor.reserve import Publishing
from neural_gallery.corridor.run import build, paint
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.errors import PaintError, Problem
from neural_gallery.pages.pages import Pages
from neural_gallery.site.manifest import load_site
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store.store import Store
from neural_gallery.workers.messages import Job, Message, Painted

from ..support.links import broken_links, links, parsed
from ..support.slowly import Clock, SlowPainter

WriteSite = Callable[..., Path]

POST = """\
---
title: One
date: 2026-03-01
---
Two pictures.

/// pair | sky-sun
    caption: The first.
///

/// pair | sea-sun
    show: style
///
"""
WITH_A_HOST = ("  target: html", "  target: html\n  base_url: https://example.org/gallery")


@pytest.fixture
def clock() -> Clock:
    """A clock that only the painter moves."""
    return Clock()


@pytest.fixture
def slow(clock: Clock) -> SlowPainter:
    """A painter that takes 40 seconds for each pair."""
    return SlowPainter(clock)


def run(manifest: Path, slow: SlowPainter, seconds: float = 0.0) -> list[Event]:
    """Build in a new process, within so many seconds for painting, if any are given."""
    deadline = Deadline.after(2 * seconds, clock=slow.clock) if seconds else NO_DEADLINE
    # What a build reserves is half at the most: with so small a budget, half.
    store = Store(manifest.parent / STORE_FOLDER)
    return list(build(load_site(manifest), store, Workshop(slow, "0" * 64), deadline=deadline))


def only(events: Sequence[Event], kind: type) -> Event:
    """The only event of that kind."""
    (found,) = (event for event in events if isinstance(event, kind))
    return found


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(autouse=True)
def half_for_publishing(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little there is to publish, half of the budget is reserved, so that tests know what is left."""
    monkeypatch.setattr(Publishing, "seconds", lambda publishing: 1e6)


def test_painting_stops_in_time(write_site: WriteSite, slow: SlowPainter):
    """The first pair is finished, the second is stopped where its newest checkpoint is, and nothing of it is lost."""
    manifest = write_site()
    began = slow.clock.now
    events = run(manifest, slow, 58)
    assert slow.begun == [("sky-sun", 0), ("sea-sun", 0)]
    stopped = only(events, PairStopped)
    assert (stopped.pair, stopped.position, stopped.total) == ("sea-sun", 2, 2)
    assert stopped.work == slow.done["sea-sun"] / 40
    assert 58 - CHECKPOINT_EVERY <= slow.clock.now - began <= 58
    time_up = only(events, TimeUp)
    assert (time_up.painted, time_up.left) == (1, ("sea-sun",))
    assert time_up.seconds == pytest.approx(40 - slow.done["sea-sun"], abs=1)
    kept = slow.done["sea-sun"]
    run(manifest, slow)
    assert slow.begun[2:] == [("sea-sun", kept)]


@pytest.mark.parametrize("target", ["html", "jekyll", "hugo"])
def test_what_waits_shows_its_content(write_site: WriteSite, slow: SlowPainter, target: str):
    """In its figure no animation, no link, a word, and true sizes; and no page names a file that is not there."""
    manifest = write_site(("target: html", f"target: {target}"), posts={"one.md": POST})
    run(manifest, slow, 58)
    output = manifest.parent / "public"
    assert {path.name for path in output.rglob("*.gif")} == {"sky-sun-5fps.gif"}
    (page,) = [output / "index.html"] if target == "html" else output.rglob("*one.html")
    figure = parsed(page.read_text()).xpath("//figure[@id='sea-sun']")[0]
    assert not figure.xpath(".//a | .//*[@data-alt] | .//details")
    assert figure.xpath(".//*[@class='waiting-note']")[0].text == "Still being painted"
    (image,) = figure.xpath(".//*[@class='waiting']//img")
    assert (image.get("width"), image.get("height"), image.get("alt")) == ("48", "32", "a sea")
    with (
        Image.open(output / "static/img/sea-sun.png") as still,
        Image.open(output / "static/img/sea-sun-24w.webp") as s,
    ):
        assert (still.size, still.format, s.size) == ((48, 32), "PNG", (24, 16))
    if target == "html":
        assert broken_links(output) == []


def test_the_next_run_makes_it_whole(write_site: WriteSite, slow: SlowPainter, tmp_path: Path):
    """However often it was stopped, the output is that of an undisturbed build, byte for byte, and no file is left."""
    manifest = write_site(WITH_A_HOST, posts={"one.md": POST})
    output = manifest.parent / "public"
    for _ in range(2):
        assert isinstance(run(manifest, slow, 31)[-1], Rendered)
        assert "sea-sun-5fps.gif" not in {path.name for path in output.rglob("*.gif")}
    events = run(manifest, slow, 1000)
    assert not [event for event in events if isinstance(event, PairStopped | TimeUp)]
    assert [done for _, done in slow.begun] == [0, slow.begun[1][1], 0, slow.begun[3][1]]
    assert slow.begun[1][1] > 20
    stopped = files(output)
    for path in (output, manifest.parent / STORE_FOLDER):
        path.rename(tmp_path / f"former-{path.name.lstrip('.')}")
    run(manifest, SlowPainter(Clock()))
    assert files(output) == stopped


def test_nothing_is_begun_that_leads_nowhere(write_site: WriteSite, slow: SlowPainter):
    """Too little time for a checkpoint: both pairs wait, and the build ends well."""
    manifest = write_site()
    list(paint(load_site(manifest), Store(manifest.parent / "other"), Workshop(slow, "0" * 64)))
    slow.begun.clear()
    events = run(manifest, slow, 3)
    assert slow.begun == []
    assert only(events, TimeUp).left == ("sky-sun", "sea-sun")
    assert only(events, TimeUp).seconds > 0
    assert isinstance(events[-1], Rendered)


def test_pairs_that_were_begun_come_first(write_site: WriteSite, slow: SlowPainter):
    """Under a budget; without one, pairs are painted as planned."""
    manifest = write_site()
    site, store = load_site(manifest), Store(manifest.parent / STORE_FOLDER)
    deadline = Deadline.after(31, clock=slow.clock)
    list(paint(site, store, Workshop(slow, "0" * 64), pair_ids=["sea-sun"], deadline=deadline))
    events = run(manifest, slow, 15)
    plan = next(event for event in events if isinstance(event, PlanReady)).plan
    assert [planned.pair.id for planned in plan.to_paint] == ["sea-sun", "sky-sun"]
    assert slow.begun[1][0] == "sea-sun"
    assert next(event for event in run(manifest, slow) if isinstance(event, PairStarted)).pair == "sky-sun"


def test_a_pair_that_fails_is_an_error_all_the_same(write_site: WriteSite, slow: SlowPainter):
    """It does not wait: the pages that would show it are not written."""

    def failing(job: Job) -> Generator[Message, None, None]:
        if job.name == "sky-sun":
            raise PaintError(Problem(None, "'sky-sun' diverged."))
        yield from slow(job)

    manifest = write_site()
    store = Store(manifest.parent / STORE_FOLDER)
    deadline = Deadline.after(60, clock=slow.clock)
    with pytest.raises(PaintError, match="the pages were not written, because they show 'sky-sun'"):
        list(build(load_site(manifest), store, Workshop(failing, "0" * 64), deadline=deadline))
    assert slow.done["sea-sun"] < 40
    assert not (manifest.parent / "public").exists()


def test_without_a_budget_nothing_is_asked_for(write_site: WriteSite, slow: SlowPainter):
    """Painters send checkpoints as they always did."""
    run(write_site(), slow)
    assert [job.checkpoint_every for job in slow.jobs] == [None, None]


def test_painting_alone_keeps_to_a_budget(write_site: WriteSite, slow: SlowPainter):
    """`paint` needs hardly any reserve, and paints until the end."""
    manifest = write_site()
    began, store = slow.clock.now, Store(manifest.parent / STORE_FOLDER)
    deadline = Deadline.after(60, clock=slow.clock)
    events = list(paint(load_site(manifest), store, Workshop(slow, "0" * 64), deadline=deadline))
    assert 60 - ENDING - CHECKPOINT_EVERY <= slow.clock.now - began <= 60
    assert only(events, TimeUp).left == ("sea-sun",)


class Together:
    """Two pairs at once, step by step, by a painter that has a clock for each."""

    def __init__(self, painter: SlowPainter) -> None:
        self.painter = painter

    def at_once(self, job: Job, waiting: int) -> int:
        """Always two."""
        return 2

    def __call__(self, jobs: Sequence[Job]) -> Generator[tuple[int, Message], None, None]:
        """Their messages in turn."""
        painters = [SlowPainter(Clock()) for _ in jobs]
        streams = [painter(job) for painter, job in zip(painters, jobs, strict=True)]
        for messages in zip(*streams, strict=True):
            self.painter.clock.now += not isinstance(messages[0], Painted)
            yield from enumerate(messages)


def test_pairs_painted_at_once_stop_together(write_site: WriteSite, slow: SlowPainter):
    """Each has its newest checkpoint; they are gone on with one by one."""
    manifest = write_site()
    workshop = Workshop(slow, "0" * 64, ensemble=Together(slow))
    store, deadline = Store(manifest.parent / STORE_FOLDER), Deadline.after(30, clock=slow.clock)
    events = list(paint(load_site(manifest), store, workshop, deadline=deadline))
    assert only(events, TimeUp).left == ("sky-sun", "sea-sun")
    run(manifest, slow)
    assert slow.begun == [("sky-sun", 25), ("sea-sun", 25)]


def test_social_images_are_paintings_where_there_are_any(write_site: WriteSite, slow: SlowPainter):
    """What stands for a page is its first painted pair; what waits is nobody's work, and no site map names it."""
    post = POST.replace("sky-sun", "x").replace("sea-sun", "sky-sun").replace("| x", "| sea-sun")
    manifest = write_site(WITH_A_HOST, posts={"one.md": post})
    run(manifest, slow, 58)
    output = manifest.parent / "public"
    page = parsed((output / "index.html").read_text())
    assert page.xpath("//meta[@property='og:image']/@content") == ["https://example.org/gallery/static/img/sky-sun.png"]
    assert "sea-sun.png" not in "".join(page.xpath("//script[@type='application/ld+json']/text()"))
    assert "sea-sun.png" not in (output / "sitemap.xml").read_text()
    assert "Still being painted" in (output / "feed.xml").read_text()
    assert "Still being painted" in (output / "pictures.html").read_text()
    assert any(link.endswith("sea-sun.png") for link in links(parsed((output / "pictures.html").read_text())))


def test_a_page_that_waits_as_a_whole_has_a_social_image(write_site: WriteSite, slow: SlowPainter):
    """The photograph, with the photograph's words."""
    manifest = write_site(WITH_A_HOST, posts={"one.md": POST})
    run(manifest, slow, 3)
    page = parsed((manifest.parent / "public/index.html").read_text())
    assert page.xpath("//meta[@property='og:image']/@content") == ["https://example.org/gallery/static/img/sky-sun.png"]
    assert page.xpath("//meta[@property='og:image:alt']/@content") == ["a sky"]


def test_the_reserve_follows_what_there_is_to_do(write_site: WriteSite, slow: SlowPainter, monkeypatch):
    """More where more is to be encoded, least where everything is."""
    monkeypatch.undo()
    manifest = write_site()
    site, store = load_site(manifest), Store(manifest.parent / STORE_FOLDER)
    workshop, used = Workshop(slow, "0" * 64), Pages(site).used()
    publishing = Publishing(site, store, make_plan(site, store, workshop), used)
    before = publishing.seconds()
    list(paint(site, store, workshop))
    painted = publishing.seconds()
    list(build(site, store, workshop))
    after = Publishing(site, store, make_plan(site, store, workshop), used).seconds()
    assert after < before < painted


def test_a_large_reserve_is_not_weighed_at_every_look(write_site: WriteSite, slow: SlowPainter, monkeypatch):
    """Where weighing takes two seconds for each of two pairs, it is done again after two hundred."""
    monkeypatch.undo()
    manifest, clock = write_site(), Clock()
    site, store = load_site(manifest), Store(manifest.parent / STORE_FOLDER)
    workshop = Workshop(slow, "0" * 64)
    publishing = Publishing(site, store, make_plan(site, store, workshop), Pages(site).used(), clock=clock)
    looks: list[str] = []

    def has_painting(key: str) -> bool:
        looks.append(key)
        clock.now += 2
        return False

    monkeypatch.setattr(store, "has_painting", has_painting)
    first = publishing.seconds()
    clock.now += 199
    assert publishing.seconds() == first
    assert len(looks) == 2
    clock.now += 1
    publishing.seconds()
    assert len(looks) == 4
