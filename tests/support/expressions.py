"""GitHub's expressions, as far as this project's workflows use them: names, strings, operators, calls of functions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_TOKEN = re.compile(r"'[^']*'|==|!=|&&|\|\||[!(),]|[A-Za-z_][\w.-]*|\s+")
_WORDS = {"&&": "and", "||": "or", "!": "not "}

Lookup = Callable[[str], str]
Calls = dict[str, Callable[..., Any]]


def evaluate(expression: str, lookup: Lookup, calls: Calls) -> Any:
    """The value of an expression. `lookup` gives that of a name such as `inputs.site`; one it does not know raises."""
    written, end = [], 0
    values: list[Any] = []
    for token in _TOKEN.finditer(expression):
        assert token.start() == end, f"not understood: {expression[end:]}"
        end = token.end()
        text = token[0]
        if re.match(r"[A-Za-z_']", text):
            called = expression[end:].startswith("(")
            values.append(text[1:-1] if text.startswith("'") else calls[text] if called else lookup(text))
            text = f"values[{len(values) - 1}]"
        written.append(_WORDS.get(text, text))
    assert end == len(expression), f"not understood: {expression[end:]}"
    # Python's `and` and `or` give one of their operands, as GitHub's do.
    return eval("".join(f" {word} " for word in written), {"__builtins__": {}}, {"values": values})


def filled(text: str, lookup: Lookup, calls: Calls) -> str:
    """A text with each `${{ … }}` replaced by its value."""
    return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda found: str(evaluate(found[1], lookup, calls)), text)
