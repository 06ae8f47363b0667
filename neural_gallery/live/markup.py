"""What `serve` adds to pages, and the two pages of its own. None of it is ever part of a built site."""

from __future__ import annotations

from collections.abc import Collection
from html import escape

from neural_gallery.errors import Problem

PROBLEMS_PAGE = "problems"
"""The mark of the page that stands for a site that cannot be read."""

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
</head>
<body class="live-page">
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def with_live_parts(page: bytes, version: str, *, mark: str = "") -> bytes:
    """The page with the script that keeps it up to date, and that script's stylesheet."""
    marked = f' data-page="{mark}"' if mark else ""
    parts = (
        '<link rel="stylesheet" href="/_live/live.css">\n'
        f'<script defer src="/_live/live.js" data-version="{version}"{marked}></script>\n'
    ).encode()
    head, closing, rest = page.partition(b"</head>")
    return head + parts + closing + rest if closing else page + parts


def problems_page(problems: Collection[Problem]) -> str:
    """A page with everything that is wrong, which goes when it is mended."""
    listed = "\n".join(map(_item, problems))
    body = (
        f'<ul class="live-list" role="alert">\n{listed}\n</ul>\n<p>The site appears here as soon as this is mended.</p>'
    )
    return _PAGE.format(title="This site cannot be shown yet", body=body)


def missing_page() -> str:
    """There is no such page."""
    return _PAGE.format(title="There is no such page", body='<p><a href="/">To the start page</a></p>')


def _item(problem: Problem) -> str:
    parts = [("where", str(problem.location or "")), ("message", problem.message), ("remedy", problem.remedy)]
    return "<li>" + "".join(f'<span class="{name}">{escape(text)}</span> ' for name, text in parts if text) + "</li>"
