"""Failures in words for people, and everything's outer form as JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

import click

from neural_gallery.cli import words
from neural_gallery.errors import NeuralGalleryError, Problem


def tell_problems(error: NeuralGalleryError) -> None:
    """One line for each problem on standard error, then their number."""
    for problem in error.problems:
        click.echo(str(problem), err=True)
    click.echo(words.counted(len(error.problems), "problem"), err=True)


def error_document(error: NeuralGalleryError) -> str:
    """What a command failed with, where it prints one document."""
    return document({"ok": False, "problems": problem_records(error.problems)})


def error_line(error: NeuralGalleryError) -> str:
    """What a run failed with, as the last line of its events."""
    return line({"event": "error", "problems": problem_records(error.problems)})


def document(record: object) -> str:
    """One JSON document, indented for people who look at it."""
    return _json(record, indent=2)


def line(record: dict[str, object]) -> str:
    """One JSON object on one line."""
    return _json(record, indent=None)


def _json(record: object, *, indent: int | None) -> str:
    """With JSON's own escapes where standard output cannot write a character: those of Python are none in JSON."""
    written = json.dumps(record, ensure_ascii=False, allow_nan=False, indent=indent)
    try:
        written.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(record, allow_nan=False, indent=indent)
    return written


def problem_records(problems: Iterable[Problem]) -> list[dict[str, object]]:
    """Problems; `line` and `column` count from 1, and are 0 where they are not known."""
    return [
        {
            "file": problem.location.file if problem.location else "",
            "line": problem.location.line if problem.location else 0,
            "column": problem.location.column if problem.location else 0,
            "message": problem.message,
            "remedy": problem.remedy,
        }
        for problem in problems
    ]
