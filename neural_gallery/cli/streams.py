"""Standard output and error, such that whatever is told on them can be told."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper


def prepare_streams() -> None:
    """Opens those of the three standard streams that were closed, and lets both outputs write every character.

    A file that is opened where one was closed would get its number, and with it what libraries write there. A name
    that is not UTF-8, or an encoding that lacks a character, is no reason to fail: it is written as an escape.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        _open_closed(number)
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w" if number else "r", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif number and isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _open_closed(number: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free; those below are taken
