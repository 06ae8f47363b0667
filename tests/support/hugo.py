"""Real Hugo, every warning a failure."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from .links import broken_links

FILES = {
    "config.yaml": "title: Mine\nlanguageCode: en\ndisableKinds: [taxonomy, term]\n",
    "layouts/_default/single.html": (
        '<!doctype html><html><head><meta charset="utf-8"><title>{{ .Title }}</title>'
        '<meta name="description" content="{{ .Description }}">{{ template "_internal/opengraph.html" . }}</head>'
        "<body><h1>{{ .Title }}</h1><time>{{ .Date }}</time>{{ .Content }}</body></html>"
    ),
    "layouts/_default/list.html": (
        "<!doctype html><html><body>{{ range .Site.RegularPages }}"
        '<article><h2><a href="{{ .RelPermalink }}">{{ .Title }}</a></h2><p>{{ .Summary }}</p></article>'
        "{{ end }}</body></html>"
    ),
}
"""Somebody's site: a configuration, and templates for pages and for lists of them."""


def write_site(folder: Path) -> None:
    """Write the site that pages are to be added to."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def build_strictly(source: Path, work: Path, base_url: str = "https://example.org/") -> Path:
    """Build `source` below `work`, and give the folder of the built site. Fails on any warning and any broken link."""
    path = urlsplit(base_url).path.rstrip("/")
    destination = work / f"built{path.replace('/', '_')}"
    options = ["--panicOnWarning", "--printPathWarnings", "--cacheDir", str(work / "cache")]
    done = subprocess.run(
        ["hugo", "--source", str(source), "--destination", str(destination), "--baseURL", base_url, *options],
        capture_output=True,
        text=True,
        timeout=120,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert not [line for line in told.splitlines() if line.startswith(("WARN", "ERROR"))], told
    assert broken_links(destination, path) == []
    return destination
