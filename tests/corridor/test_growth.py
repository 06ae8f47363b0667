"""What a run costs grows with the number of pairs, not faster; counted in calls and looks, never in seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pytest

from neural_gallery.corridor.checking import check
from neural_gallery.corridor.estimate import Forecast
from neural_gallery.corridor.events import Rendered
from neural_gallery.corridor.planning import make_plan
from neural_gallery.corridor.run import OUTPUTS, build, render
from neural_gallery.corridor.sizing import expected_size
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.pages.pages import Used
from neural_gallery.pages.theme import Theme
from neural_gallery.site.manifest import load_site
from neural_gallery.site.model import Pair
from neural_gallery.store import STORE_FOLDER
from neural_gallery.store import store as store_module
from neural_gallery.store.output import Output
from neural_gallery.store.store import Store

WriteSite = Callable[..., Path]
LIMIT = 4.6
"""Four times as many pairs may cost so many times as much. Where each pair is compared with each, it is 16."""


class Word(str):
    """A text that counts how often it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        """Count, and compare."""
        Word.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


class Pairs(tuple[Pair, ...]):
    """Pairs that count how often somebody goes through all of them."""

    passes = 0

    def __iter__(self) -> Iterator[Pair]:
        """Count, and go through them."""
        Pairs.passes += 1
        return super().__iter__()


class Number(float):
    """A number that counts how often it is added."""

    added = 0

    def __add__(self, other: float) -> Number:
        """Count, and add."""
        Number.added += 1
        return Number(float(self) + float(other))

    __radd__ = __add__


def many(write_site: WriteSite, pairs: int) -> Path:
    """The small site with that many pairs, each with a content of its own; a post places each of them."""
    images = "".join(f"  c{n}: {{file: sky.png, crop: [{n % 40}, 0, 40, 40], alt: c}}\n" for n in range(pairs))
    entries = "".join(f"  - {{content: c{n}, style: sun}}\n" for n in range(pairs))
    blocks = "".join(f"/// pair | c{n}-sun\n///\n\n/// picture | c{n}\n///\n\n" for n in range(pairs))
    old = "  - {content: sky, style: sun}\n  - {content: sea, style: sun, strength: 0.7}\n"
    return write_site(
        ("pairs:\n", f"{images}pairs:\n"), (old, entries), posts={"p.md": f"---\ntitle: P\n---\n{blocks}"}
    )


def calls(run: Callable[[], object]) -> int:
    """How many functions are called, Python's own included: the same number on a busy machine."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


def test_planning_is_linear(write_site: WriteSite, workshop: Workshop) -> None:
    """Loading, checking, planning and telling the size: four times as many pairs and pictures, four times the calls."""

    def planned(pairs: int) -> int:
        manifest = many(write_site, pairs)
        store = Store(manifest.parent / STORE_FOLDER)

        def run() -> None:
            site = load_site(manifest)
            pages, plan = check(site), make_plan(site, store, workshop)
            expected_size(site, store, plan, pages.used(), Output(site.output, store.folder / OUTPUTS))

        return calls(run)

    planned(4)  # imports what is needed
    assert planned(160) < LIMIT * planned(40)


def test_no_picture_and_no_block_goes_through_all_pairs(write_site: WriteSite, workshop: Workshop) -> None:
    """Twenty-five pictures, and as many blocks of pairs and of pictures, find theirs in an index."""
    manifest = many(write_site, 25)
    site = load_site(manifest)
    site, store = replace(site, pairs=Pairs(site.pairs)), Store(manifest.parent / STORE_FOLDER)
    Pairs.passes = 0
    pages, plan = check(site), make_plan(site, store, workshop)
    expected_size(site, store, plan, pages.used(), Output(site.output, store.folder / OUTPUTS))
    assert Pairs.passes <= 10


def test_pairs_asked_for_are_not_searched_for(write_site: WriteSite, workshop: Workshop) -> None:
    """Thirty ids are found in a plan without comparing each with each, and so are those that pages show."""
    manifest = many(write_site, 30)
    site, store = load_site(manifest), Store(manifest.parent / STORE_FOLDER)
    ids = tuple(Word(pair.id) for pair in site.pairs)
    Word.compared = 0
    plan = make_plan(site, store, workshop, pair_ids=ids)
    expected_size(site, store, plan, Used((), ids), Output(site.output, store.folder / OUTPUTS))
    assert len(plan.pairs) == 30
    assert Word.compared < 8 * 30


def test_a_forecast_adds_up_once() -> None:
    """The time that is left is asked for at every step of every pair."""
    forecast = Forecast([Number(1)] * 50)
    Number.added = 0
    for second in range(40):
        forecast.start(second)
        forecast.progress(0.5, second + 0.5)
        assert forecast.remaining(second + 0.5) == pytest.approx(49.5 - second)
        forecast.finish(second + 1)
    assert Number.added < 50 * 4


def test_what_a_plan_has_seen_is_not_looked_at_again(
    write_site: WriteSite, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build with nothing to do reads each record once, of paintings and of encoded files."""
    manifest = write_site()
    folder = manifest.parent / STORE_FOLDER
    list(build(load_site(manifest), Store(folder), workshop))
    read: list[str] = []
    for name in ("read_painting", "read_encoded"):
        real = getattr(store_module, name)
        monkeypatch.setattr(
            store_module,
            name,
            lambda path, *rest, real=real, **more: read.append(str(path)) or real(path, *rest, **more),
        )
    list(build(load_site(manifest), Store(folder), workshop))
    assert sorted(read) == sorted(set(read))
    assert len(read) > 8


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The templates that are rendered."""
    names: list[str] = []
    real = Theme.render
    monkeypatch.setattr(
        Theme, "render", lambda theme, name, /, **context: names.append(name) or real(theme, name, **context)
    )
    return names


def test_a_build_with_nothing_to_do_renders_nothing(
    write_site: WriteSite, workshop: Workshop, rendered: list[str]
) -> None:
    """The pages stand there as they were written, and everything that they are made of is as it was."""
    manifest = write_site()
    store = manifest.parent / STORE_FOLDER
    first = list(build(load_site(manifest), Store(store), workshop))[-1]
    assert rendered
    rendered.clear()
    second = list(build(load_site(manifest), Store(store), workshop))[-1]
    assert rendered == []
    assert isinstance(first, Rendered)
    assert isinstance(second, Rendered)
    assert (second.written, second.removed, second.start) == ((), (), "index.html")
    assert second.unchanged == len(first.written)


@pytest.mark.parametrize("change", ["page", "page gone", "caption", "theme", "record", "damaged record", "title"])
def test_what_makes_pages_be_rendered_again(
    write_site: WriteSite, workshop: Workshop, rendered: list[str], change: str
) -> None:
    """Whatever they are made of, somebody else's hand on one of them, and a record that is lost."""
    theme = ("  target: html\n", "  target: html\n  theme: mine\n")
    manifest = write_site(theme)
    folder, page = manifest.parent, manifest.parent / "public" / "index.html"
    (folder / "mine" / "templates").mkdir(parents=True)
    list(build(load_site(manifest), Store(folder / STORE_FOLDER), workshop))
    whole = page.read_bytes()
    rendered.clear()
    if change == "page":
        page.write_bytes(b"mine")
    elif change == "page gone":
        page.unlink()
    elif change == "caption":
        write_site(theme, ("{content: sky, style: sun}", "{content: sky, style: sun, caption: Evening}"))
    elif change == "title":
        write_site(theme, ("title: Small", "title: Large"))
    elif change == "theme":
        (folder / "mine" / "templates" / "base.html").write_text("{{ site.title }}")
    elif change == "record":
        (folder / STORE_FOLDER / "rendered.json").unlink()
    else:
        (folder / STORE_FOLDER / "rendered.json").write_text("{}")
    list(render(load_site(manifest), Store(folder / STORE_FOLDER), workshop))
    assert rendered
    assert (page.read_bytes() == whole) == (change not in ("caption", "theme", "title"))
    rendered.clear()
    list(render(load_site(manifest), Store(folder / STORE_FOLDER), workshop))
    assert rendered == []


def test_pages_with_a_budget_are_weighed_each_time(
    write_site: WriteSite, workshop: Workshop, rendered: list[str]
) -> None:
    """What a page weighs is known of one that is rendered."""
    manifest = write_site(("images:\n", "budgets: {page: 9MB}\nimages:\n"))
    for _ in range(2):
        rendered.clear()
        list(build(load_site(manifest), Store(manifest.parent / STORE_FOLDER), workshop))
        assert rendered
