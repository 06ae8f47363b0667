"""What authors should never write, and may: manifests and posts made from good ones, bent at random.

Everything is drawn from the `random.Random` that is handed in, so that a seed is a case.
"""

from __future__ import annotations

import copy
import random
from typing import Any

import yaml

MANIFESTS = (
    """\
version: 1
site: {title: Night, description: d, author: a, language: en, target: html, output: public, base_url: /x,
  images_path: static/img, theme: theme, indexes: true, pairs_per_page: 1}
defaults: {size: 64, quality: draft, strength: 0.5, animation: {fps: 5, frames: 4, formats: [gif, webp]},
  stills: {formats: [webp], widths: [24, 48]}}
images:
  cat: {file: cat.png, alt: a cat, title: Tom, credit: C, license: CC BY 4.0, source: https://example.org/}
  ear: {from: cat, crop: [2, 2, 20, 16], alt: an ear}
  sea: {file: sea.jpg, alt: waves}
  left: {file: left.png, alt: its left half}
pairs:
  - {content: cat, style: sea, id: first, caption: "*Look*: [here](https://example.org)", alt: a painted cat}
  - {content: cat, style: {sea: {weight: 2, mask: left, layers: [relu1_1, relu2_1]}, ear: 1}, id: blend}
  - {contents: [ear, sea], styles: [left, cat], strength: 0.7, colors: match, init: noise}
posts: [posts/*.md]
""",
    """\
version: 1
site: &site
  title: "A: b"
  target: jekyll
  base_url: https://example.org/a
defaults:
  width: 48
  steps: [10, 20]
  style_layers: {relu1_1: 4, relu2_1: 1}
  content_layers: [relu4_2]
  learning_rate: 0.05
  scales: 2
  total_variation: 0.5
  bits: 16
images:
  sea:
    file: sea.jpg
    alt: |
      waves
      at night
  cat:
    file: cat.png
    crop: [1, 1, 30, 18]
    alt: 'a cat, asleep'
pairs:
  - &pair {content: sea, style: cat, show: style, seed: 7, optimizer: lbfgs, pooling: avg, init: sea}
  - <<: *pair
    id: other
    animation: {fps: 10}
    style_scale: 2
posts: []
weights: weights.npz
budgets: {animation: 800kB, page: 1.5 MB, site: 900MB}
""",
)

POST = """\
---
layout: post
title: Night studies
date: 2015-09-08 18:30:00 +0200
description: What came out.
tags: [art, "two words"]
image: {feature: a.jpg}
slug: night
liquid: false
---
# Heading {#a .b}

Prose with *stars*, `code`, [a link](https://example.org "title"), <b>tags</b> & {{ braces }}.[^1]

/// pair | cat-sea
    show: style
    caption: "Look: *this*"
    id: anchor
///

- item

    /// picture | sea
        width: 300
        alt: the sea
    ///

> /// gallery | style=sea content=cat
>     show: content
> ///

a | b
--|--
1 | 2

```python
/// pair | nope
```

<div markdown="1">
*a*
</div>

[^1]: Note.
*[HTML]: Hyper
"""

TEXTS = (
    "", " ", "~", "no", "on", "null", "=", "<<", "a: b", "- a", "#", "a #b", "---", "...", "2015-09-08",
    "2015-13-45", "99999999-01-01", "1e999", "0x" + "f" * 40, "1:30:59", "1_000", "+.inf", ".nan", "1e3", "'", '"',
    "\t", "|", ">", "../cat.png", "../../../../etc/passwd", "/etc/passwd", "/dev/zero", "/**/*.md", "**/*.md",
    "**/**/**/*", "[", "[!", "*", "C:\\con", "con", "aux.png", "nul", "posts", "cat.png/x", "cat.png\0",
    "cat\u202egnp.exe", "\u200fcat", "😀", "é", "e\u0301", "\ufeff", "\u2028", "\x85", "\ufdd0", "\ufdd20\ufdd3",
    "\x1b[31m", "\x7f", "x" * 101, "x" * 300, "x" * 5001, "a/" * 600, "<script>alert(1)</script>",
    "javascript:alert(1)", "{{ site.title }}", "{% include x %}", "{{< x >}}", "]]>", "-->", "cat", "sea", "ear",
    "left", "cat-sea", "first", "content", "style", "noise", "relu1_1", "theme", "loop", "out", "[a](b)", "![a](b)",
    "[" * 50, "*" * 50, "`" * 50, "&#x6a;", "&amp;", "\\", "_" * 60, "<" * 60, "![" * 30,
)  # fmt: skip
NUMBERS = (
    0, 1, -1, 2, 15, 16, 64, 8192, 8193, 10**6, 2**31, 2**32, 2**63, 2**64, 10**30, -(10**30), 10**400, 16**900,
    16**5000, 0.0, -0.0, 0.5, 1.0, 1e-300, 1e300, float("inf"), -float("inf"), float("nan"),
)  # fmt: skip
KEYS = (
    "version", "site", "title", "target", "output", "theme", "base_url", "images_path", "defaults", "size", "width",
    "height", "strength", "animation", "fps", "frames", "formats", "stills", "widths", "images", "file", "from",
    "crop", "alt", "credit", "license", "source", "pairs", "content", "contents", "style", "styles", "weight",
    "mask", "style_mask", "layers", "id", "caption", "posts", "weights", "budgets", "init", "steps", "liquid",
    "slug", "date", "description",
)  # fmt: skip
SYNTAX = (
    "&a ", "*a ", "<<: *a\n", "!!python/object/apply:os.system [x]", "!!python/name:os.system ", "!!binary x",
    "!!set {a}", "!!timestamp x", "!!int x", "!!float ''", "!!bool x", "!!null x", "!!omap [a: 1]", "!!str ",
    "!!map ", "!!seq ", "! ", "!<x> ", "!a!b ", "? ", ": ", "- ", "\n- ", "\n  ", "\n---\n", "\n...\n",
    "%YAML 9.9\n---\n", "%TAG ! x\n", "|\n", ">+9\n", "# ", "[", "]", "{", "}", ",", "'", '"', "\t", "\r", "\\",
    '"\\x00"', '"\\ud800"', '"\\ufdd2" ', '"\\U0010ffff"', '"\\u202e"', "\x00", "\x07", "\ufeff", "\ufffe", "\ufdd0",
    "\ud7ff", "é", "😀", "/// ", "/// pair | ", "///\n", "    ", "> ", "{% raw %}", "{{", "<div>", "<!--",
    "<![CDATA[", "<![x[", "<!x", "<?", "<p>", "</", "&#", "[^1]", "[^1]: ", "*[a]: b\n", "[a]: b\n", "{: #a }",
    "```\n", "~~~\n", "\x02", "\x03", "\x02wzxhzdk:0\x03", "\x02klzzwxh:0\x03", "***", "___", "![", "](", "==",
    "--|--\n", "# ",
)  # fmt: skip


class _Dumper(yaml.SafeDumper):
    """Writes integers that Python does not make decimal digits of, too."""


def _digits(number: int) -> str:
    return str(number) if abs(number) < 10**100 else hex(number)


_Dumper.add_representer(int, lambda dumper, one: dumper.represent_scalar("tag:yaml.org,2002:int", _digits(one)))


def leaf(rng: random.Random) -> Any:
    """A value that hardly belongs anywhere."""
    kind = rng.randrange(8)
    if kind < 4:
        return rng.choice(TEXTS)
    if kind < 6:
        return rng.choice(NUMBERS)
    return rng.choice((None, True, False, [], {}, [[]], [{}], {"a": None}, b"\x00\xff", ["cat"], {"cat": 1}, {"": ""}))


def manifest(rng: random.Random) -> bytes:
    """A manifest that was good, and is bent in its values, its text or its bytes."""
    text = rng.choice(MANIFESTS)
    if rng.random() < 0.75:
        value = yaml.safe_load(text)
        for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
            value = bent(rng, value)
        width = rng.choice((20, 80, 10**6))
        flow = rng.choice((None, None, True, False))
        text = yaml.dump(
            value,
            Dumper=_Dumper,
            sort_keys=False,
            default_flow_style=flow,
            allow_unicode=rng.random() < 0.8,
            width=width,
        )
    return _text_then_bytes(rng, text, 0.4)


def post(rng: random.Random) -> bytes:
    """A post that was good, and is bent in its front matter, its blocks, its text or its bytes."""
    text = POST
    if rng.random() < 0.5:
        _, matter, body = text.split("---\n", 2)
        value = yaml.safe_load(matter)
        for _ in range(rng.choice((1, 2, 4))):
            value = bent(rng, value)
        text = f"---\n{yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)}---\n{body}"
    return _text_then_bytes(rng, text, 0.9)


def bent(rng: random.Random, value: Any) -> Any:
    """`value` with one thing in it changed: replaced, removed, renamed, repeated or exchanged."""
    value = copy.deepcopy(value)
    places = list(_places(value))
    if not places:
        return leaf(rng)
    parent, key = rng.choice(places)
    kind = rng.randrange(8)
    if kind < 3:
        parent[key] = leaf(rng)
    elif kind == 3:
        del parent[key]
    elif kind == 4:
        other, there = rng.choice(places)
        parent[key] = copy.deepcopy(other[there])
    elif kind == 5 and isinstance(parent, dict):
        parent[rng.choice(KEYS) if rng.random() < 0.6 else _key(rng)] = parent[key]
    elif kind == 6 and isinstance(parent, list):
        parent.extend(copy.deepcopy(parent[key]) for _ in range(rng.choice((1, 3, 20))))
    else:
        parent[key] = [parent[key]] if rng.random() < 0.5 else {rng.choice(KEYS): parent[key]}
    return value


def _key(rng: random.Random) -> Any:
    key = leaf(rng)
    return key if isinstance(key, str | int | float | bool | None) else str(key)


def _places(value: Any) -> Any:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _text_then_bytes(rng: random.Random, text: str, share: float) -> bytes:
    if rng.random() < share:
        for _ in range(rng.choice((1, 1, 2, 3, 6))):
            text = _text_bent(rng, text)
    data = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.15:
        data = damaged(rng, data)
    return data


def _text_bent(rng: random.Random, text: str) -> str:
    place, kind = rng.randint(0, len(text)), rng.randrange(6)
    if kind < 3:
        piece = rng.choice(SYNTAX) if rng.random() < 0.8 else rng.choice(TEXTS)
        times = rng.choice((1, 1, 1, 1, 2, 70, 300)) if len(piece) < 20 else 1  # no case is large only to be slow
        return text[:place] + piece * times + text[place:]
    if kind == 3:
        return text[:place] + text[place + rng.choice((1, 2, 5, 30)) :]
    lines = text.split("\n")
    line, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    if kind == 4:
        lines.insert(other, lines[line])
    else:
        lines[line] = " " * rng.randrange(6) + lines[line].lstrip()
    return "\n".join(lines)


def damaged(rng: random.Random, data: bytes) -> bytes:
    """Some bytes with flips, gaps, repetitions and an early end."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        if not changed:
            break
        place, kind = rng.randrange(len(changed)), rng.randrange(7)
        if kind < 2:
            changed[place] ^= 1 << rng.randrange(8)
        elif kind == 2:
            changed[place] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif kind == 3:
            number = rng.choice((0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFF0))
            packed = number.to_bytes(4, rng.choice(("big", "little")))
            changed[place : place + 4] = packed[: rng.choice((2, 4))]
        elif kind == 4:
            del changed[place : place + rng.choice((1, 2, 4, 64))]
        elif kind == 5:
            piece = changed[place : place + rng.choice((1, 4, 40))]
            changed[place:place] = piece * rng.choice((1, 2, 30))
        else:
            del changed[place:]
    return bytes(changed)
