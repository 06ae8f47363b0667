"""Records that somebody has changed and sealed again: refused, or as good as our own; never a traceback."""

from __future__ import annotations

import copy
import json
import os
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lxml.html import document_fromstring

from neural_gallery.corridor.events import Note, Transferred
from neural_gallery.corridor.exchange import pull, push, wanted_by
from neural_gallery.corridor.planning import make_plan
from neural_gallery.corridor.run import build
from neural_gallery.corridor.workshop import Workshop
from neural_gallery.site.manifest import load_site
from neural_gallery.site.model import Site
from neural_gallery.store.archives import Label, pack, read_label, unpack
from neural_gallery.store.remote import Remote
from neural_gallery.store.sealed import SealError, seal, unseal
from neural_gallery.store.store import Store
from neural_gallery.workers.messages import Job, Message, Painted

from ..conftest import BlendPainter

CASES = 300
HOSTILE = (
    *(None, True, False, 0, 1, -1, 3, 10**9, 10**400, -(10**25), 0.0, -0.5, 1e308, 5e-324, "", "x", "0" * 64),
    *(
        "2020-01-01T00:00:00",
        "9999-12-31T23:59:59+00:00",
        "\x1b]0;pwned\x07",
        "two\nlines",
        "\ud800",
        "\u202e",
        "x" * 9999,
    ),
    *([], [1], [[1]], [[[1], "x"], {}], {}, {"x": 1}, {"a": {"b": {"c": {"d": {"e": {"f": {}}}}}}}),
    *([["a", "b"]], [[10**400, 10**400]], [[1e308, 1e308]] * 3, [[48, 0]], [[-48, 4]], [[0, 0]]),
)
HOSTILE_DEVICE = "<script>alert(1)</script> {{ site.title }} {% include x.html %}"
ALTERED: dict[str, Callable[[dict[str, Any]], object]] = {
    "created": lambda body: body.update(created="2020-01-01T00:00:00"),
    "facts": lambda body: body["origin"].update(facts=[1]),
    "pair": lambda body: body["origin"].update(pair="\x1b]0;pwned\x07"),
    "settings": lambda body: body["origin"].update(settings="x"),
    "styles": lambda body: body["origin"].update(styles=[]),
    "width": lambda body: body.update(width=48.0),
    "frames_asked_for": lambda body: body["origin"]["facts"].update(frames_asked_for=True),
    "sha256": lambda body: body["origin"]["styles"][0].update(sha256=None),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here loses power."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def honest(here: Store) -> tuple[Label, dict[str, bytes]]:
    """One of the paintings, as it travels."""
    holding = here.holding(here.keys()[0])
    packed = holding and here.pack(holding)
    assert packed
    return packed[0], unpack(*packed)


def forged(honest: tuple[Label, dict[str, bytes]], body: dict[str, Any]) -> tuple[Label, bytes]:
    """The painting with another record, under a name that is true."""
    label, files = honest
    return pack(label.shelf, label.key, label.asked, label.frames, {**files, "record.json": seal(body)})


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every list and object in `value`, with each of its indices and names."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inside:
        yield value, name
        yield from places(item)


def altered(body: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """`body` with one or two places hostile, gone or moved."""
    body = copy.deepcopy(body)
    for _ in range(rng.choice([1, 1, 2])):
        inside, name = rng.choice([*places(body)])
        if rng.random() < 0.1:
            del inside[name]
        elif rng.random() < 0.1 and isinstance(inside, dict):
            inside[rng.choice(["scales", "seconds", "losses", "invented", "\x1b[2J", "../x"])] = rng.choice(HOSTILE)
        else:
            inside[name] = copy.deepcopy(rng.choice(HOSTILE))
    return body


@pytest.mark.parametrize("field", ALTERED)
def test_pulling_goes_on_past_one(field: str, here: Store, site: Site, workshop: Workshop, tmp_path: Path) -> None:
    """It is refused by name, the other one arrives."""
    place, wanted = Remote(str(tmp_path / "place")), wanted_by(site, workshop)
    list(push(here, place, wanted))
    path = min(place.sizes("paintings"))
    label = read_label(path)
    assert label is not None
    files = unpack(label, (tmp_path / "place" / path).read_bytes())
    body = unseal(files["record.json"])
    ALTERED[field](body)
    (tmp_path / "place" / path).unlink()
    new, data = forged((label, files), body)
    place.write(new.path, data)
    there = Store(tmp_path / "there")
    events = list(pull(there, place, wanted))
    assert len([event for event in events if isinstance(event, Transferred)]) == 1
    told = f"{place.url}/{new.path}: it record.json has an impossible '{field}'; it counts as absent"
    assert [event.message for event in events if isinstance(event, Note)] == [f"refused {told}"]


def test_a_painting_of_another_size_is_none_of_the_pair(here: Store, site: Site, workshop: Workshop) -> None:
    """However whole it is: pages would tell a wrong height, and a huge one would take all memory to be encoded."""
    pair, large = site.pairs[0], np.zeros((80, 120, 3), np.uint8)
    (key,) = (planned.key for planned in make_plan(site, here, workshop).pairs if planned.pair == pair)
    painting = here.painting(key)
    assert painting is not None
    here.add_painting(key, large, None, [large] * 4, painting.record.origin)
    (planned,) = make_plan(site, here, workshop).to_paint
    told = f"the stored painting has 120 x 80 pixels instead of {pair.width} x {pair.height}"
    assert (planned.pair, planned.reasons) == (pair, (told,))
    list(build(site, here, workshop))
    assert make_plan(site, here, workshop).to_paint == ()


def test_sizes_that_the_files_do_not_have_are_refused(honest: tuple[Label, dict[str, bytes]], tmp_path: Path) -> None:
    """Or the next look, which asks for sizes only, would call it damaged, and it is painted once more."""
    body: dict[str, Any] = unseal(honest[1]["record.json"])
    body["files"]["still.png"]["bytes"] += 1
    size = len(honest[1]["still.png"])
    with pytest.raises(SealError, match=rf"^still\.png has {size} bytes instead of {size + 1}$"):
        Store(tmp_path / "there").take(*forged(honest, body))


def test_whatever_is_changed_is_refused_or_read(
    honest: tuple[Label, dict[str, bytes]], write_site: Callable[..., Path], workshop: Workshop, tmp_path: Path
) -> None:
    """What arrives is whole for whoever reads it, and planning, with all to paint anew, gets along with all it says."""
    rng, body = random.Random(7), unseal(honest[1]["record.json"])
    site = load_site(
        write_site(("sky, style: sun}", "sky, style: sun, strength: 0.6}"), ("strength: 0.7", "strength: 0.8"))
    )
    taken = 0
    for number in range(CASES):
        store, changed = Store(tmp_path / f"{number}"), altered(body, rng)
        try:
            label, data = forged(honest, changed)
            store.take(label, data)
        except SealError:
            continue
        taken += 1
        (record,) = store.records()
        assert all(sign.isprintable() for sign in json.dumps(record.origin.facts, ensure_ascii=False))
        plan = make_plan(site, store, workshop)
        assert 0 < plan.seconds < 10**9
        assert all(reason.isprintable() for pair in plan.pairs for reason in pair.reasons)
        holding = store.holding(label.key)
        assert holding is not None
        assert store.pack(holding) is not None
        assert store.notes == []
    assert 20 < taken < CASES / 2


class Boastful(BlendPainter):
    """A painter whose account of itself is a page of its own."""

    def __call__(self, job: Job) -> Iterator[Message]:
        """Paint a pair."""
        for message in super().__call__(job):
            hostile = {"device": HOSTILE_DEVICE, "steps": "{{ 6 | times: 7 }}", "seconds": "<b>"}
            yield replace(message, facts={**message.facts, **hostile}) if isinstance(message, Painted) else message


@pytest.mark.parametrize("target", ["html", "jekyll"])
def test_what_a_painter_says_of_itself_is_text(write_site: Callable[..., Path], target: str) -> None:
    """Records come from other machines, too: what stands under "How it was made" neither runs nor is a tag."""
    manifest = write_site(("target: html", f"target: {target}"))
    site, store = load_site(manifest), Store(manifest.parent / ".neural-gallery")
    list(build(site, store, Workshop(Boastful(), "0" * 64)))
    text = next((manifest.parent / "public").rglob("index.html")).read_text("utf-8")
    page = document_fromstring(text)
    assert not page.xpath("//dd//script | //dd//b")
    if target == "jekyll":
        assert not re.search(r"\{\{ *(site\.title|6 \|)|\{% *include", text)
    else:
        assert {HOSTILE_DEVICE, "{{ 6 | times: 7 }}"} <= {*page.xpath("//dd/text()")}
