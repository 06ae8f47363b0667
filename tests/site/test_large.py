"""Manifests of thousands of lines: read once, and as strictly as short ones."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from neural_gallery.errors import InputError
from neural_gallery.site import source
from neural_gallery.site.lines import flow
from neural_gallery.site.model import Site
from neural_gallery.site.source import MAX_DEPTH, compose

DEEP = {
    "brackets": "[" * 65 + "]" * 65,
    "brackets on lines of their own": "[\n" * 65 + "]\n" * 65,
    "closed and opened on a line": "a: [" + "[], [\n" * 64 + "]" * 65,
    "mappings in brackets": "{a: " * 65 + "1" + "}" * 65,
    "dashes": "- " * 65 + "x",
    "question marks": "? " * 65 + "x",
    "indentation": "".join(f"{' ' * n}a:\n" for n in range(65)) + " " * 65 + "x",
    "lists in mappings, no deeper": "".join(f"{' ' * (2 * n)}a:\n{' ' * (2 * n)}- \n" for n in range(33)),
    "in quotes": "[']'," * 65 + "]" * 65,
    "after comments": "[ # ]\n" * 65 + "]" * 65,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_what_is_deep_is_not_taken_for_shallow(text: str) -> None:
    """However it is nested, it is told with its place."""
    with pytest.raises(InputError, match=f"nested more than {MAX_DEPTH} deep"):
        compose(text, "f.yaml")


@given(st.lists(st.sampled_from([*"[]{}-?:,'\"#a \n", "- ", "? ", "a: ", "[", "[", "{a: ", "\n  "]), max_size=300))
def test_shallow_text_is_never_deep(parts: list[str]) -> None:
    """The glance may take shallow text for deep, but never the other way round."""
    text = "".join(parts)
    if source._is_shallow(text):
        with contextlib.suppress(yaml.YAMLError):  # told by what follows
            source._check_bounds(text, "f.yaml", 1, source._Loader, source.MAX_VALUES)


def test_an_ordinary_manifest_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second parse for its depth would take a third of the time of reading it."""
    monkeypatch.setattr(source, "_check_bounds", lambda *_: pytest.fail("parsed twice"))
    text = "pairs:\n" + "  - {content: a, style: {b: 2, c: 1}, caption: 'It''s #1 [here]'}\n" * 3
    document = compose(text, "site.yaml")
    assert document.location(("pairs", 2, "style", "c")).line == 4


def test_many_entries_are_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written out may have more values than what aliases expand to."""
    monkeypatch.setattr(source, "MAX_VALUES", 100)
    written = "- {content: one, style: other}\n" * 100
    value = compose(written, "f.yaml").value
    assert isinstance(value, list)
    assert len(value) == 100
    with pytest.raises(InputError, match="holds more than 100 values"):
        compose("- &a [x, x, x, x, x, x, x, x, x, x]\n" + "- *a\n" * 20, "f.yaml")


def test_eleven_thousand_pairs(load: Callable[[str], Site]) -> None:
    """More than ten thousand, once the most, in twelve lines of combinations."""
    names = "".join(f"  c{n}: {{file: cat.png, crop: [{n}, 0, 20, 20], alt: c}}\n" for n in range(11))
    names += "".join(f"  s{n}: {{file: cat.png, alt: s}}\n" for n in range(1000))
    styles = ", ".join(f"s{n}" for n in range(1000))
    rows = "".join(f"  - {{content: c{n}, styles: *all}}\n" for n in range(1, 11))
    pairs = f"  - {{content: c0, styles: &all [{styles}]}}\n{rows}"
    site = load(f"version: 1\nimages:\n{names}pairs:\n{pairs}")
    assert len(site.pairs) == 11_000
    assert site.pair("c10-s999") is site.pairs[-1]
    assert len(site.pairs_by_picture["s7"]) == 11


@given(
    st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,12}\Z") | st.sampled_from(["no", "1e5", "2015-01-01", "a-b", "0-1"])
)
def test_names_are_written_as_yaml_reads_them(name: str) -> None:
    """The short way for what is surely text writes what the long one does."""
    assert flow(name) == yaml.safe_dump(name, default_flow_style=True).removesuffix("...\n").rstrip("\n")
    assert yaml.safe_load(flow(name)) == name
