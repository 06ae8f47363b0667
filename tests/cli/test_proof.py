"""The proof command: its words, its options, and its exit codes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
WriteSite = Callable[..., Path]
SHEET = Path(".neural-gallery/proofs/sky")


def test_proof(run: Run, write_site: WriteSite):
    """How it goes is shown as `paint` shows it; it ends with what was done and what to open."""
    write_site()
    result = run("proof", "sky", "sun", "sea", "--size", "24")
    assert (result.exit_code, result.stdout) == (
        0,
        f"painted 12 pairs, reused 0; wrote 2 files in {SHEET}\nopen {SHEET}/proof.html\n",
    )
    lines = result.stderr.splitlines()
    assert lines[0].startswith("painting 12 pairs, about ")
    assert lines[1] == "[1/12] sky-sun-style-0.2: starting"
    assert re.fullmatch(r"\[12/12\] sky-sea-match-0\.8: painted in \d+ s", lines[-1])
    again = run("proof", "sky", "sun", "sea", "--size", "24")
    assert again.stdout == f"painted 0 pairs, reused 12; nothing changed in {SHEET}\nopen {SHEET}/proof.html\n"


def test_options(run: Run, write_site: WriteSite, painter):
    """Values stand with commas between them, each counts once, and the sheet goes where it is wanted."""
    write_site()
    result = run("proof", "sky", "sun", "--strengths", "0, 1,0.0", "--colors", "content,style", "-o", "sheets/a", "-q")
    assert (result.exit_code, result.output) == (0, "")
    assert painter.painted == [f"sky-sun-{how}" for how in ("content-0.0", "content-1.0", "style-0.0", "style-1.0")]
    assert sorted(path.name for path in Path("sheets/a").iterdir()) == ["proof.html", "proof.png"]


def test_json(run: Run, write_site: WriteSite):
    """Programs get the lines of every proof, and the files."""
    write_site()
    result = run("proof", "sky", "sun", "--strengths", "0.5", "--colors", "style", "--json")
    *_, lines, end = (json.loads(line) for line in result.stdout.splitlines())
    assert lines == {
        "event": "proof-lines",
        "lines": {
            "sky-sun-style-0.5": (
                "- content: sky\n  style: sun\n  strength: 0.5\n  colors: style\n  id: sky-sun-style-0.5\n"
            )
        },
    }
    assert (end["event"], end["written"], end["start"]) == ("rendered", ["proof.png", "proof.html"], "proof.html")


def test_open(run: Run, write_site: WriteSite, monkeypatch: pytest.MonkeyPatch):
    """The page is opened once it is there."""
    folder = write_site().parent
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    assert run("proof", "sky", "sun", "--open", "-q").exit_code == 0
    assert opened == [(folder / SHEET / "proof.html").as_uri()]


def test_interrupted(run: Run, write_site: WriteSite, painter):
    """Ctrl-C says what is kept and exits with 130."""
    write_site()
    painter.stops_at = "sky-sun-style-0.5"
    result = run("proof", "sky", "sun", "-q")
    assert (result.exit_code, result.stderr) == (
        130,
        "stopped: 1 of 6 pairs is painted and kept; run the same command again to go on\n",
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("sky", "son"), "there is no picture 'son'. Did you mean 'sun'?\n1 problem\n"),
        (
            ("sun", "sky"),
            "the first name is the content, and 'sun' is only ever a style in the manifest's pairs. "
            "Did you mean `neural-gallery proof sky sun`?\n1 problem\n",
        ),
    ],
)
def test_wrong_names(run: Run, write_site: WriteSite, painter, arguments: tuple[str, ...], told: str):
    """Names that cannot be meant end with 2, before anything is painted."""
    write_site()
    result = run("proof", *arguments)
    assert (result.exit_code, result.stderr) == (2, told)
    assert painter.painted == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("sky",), "Missing argument 'STYLES...'."),
        (("sky", "sun", "--strengths", "0.5,2"), "Invalid value for '--strengths': 2.0 is not in the range 0<=x<=1."),
        (("sky", "sun", "--strengths", "nan"), "Invalid value for '--strengths': 'nan' is not a number."),
        (("sky", "sun", "--strengths", "0.5;0.7"), "Invalid value for '--strengths': '0.5;0.7' is not a valid float"),
        (
            ("sky", "sun", "--colors", "style,red"),
            "Invalid value for '--colors': 'red' is not one of 'style', 'content'",
        ),
        (("sky", "sun", "--size", "8"), "Invalid value for '--size': 8 is not in the range 16<=x<=1024."),
    ],
)
def test_wrong_values(run: Run, write_site: WriteSite, arguments: tuple[str, ...], told: str):
    """What is wrong with an option is told by its name."""
    write_site()
    result = run("proof", *arguments)
    assert result.exit_code == 2
    assert told in result.stderr
