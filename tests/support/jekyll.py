"""Real Jekyll, everything strict."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import yaml

from .links import broken_links

_COLOURED = re.compile(r"\x1b\[3[13]m")  # Jekyll writes warnings in yellow, errors in red
_WARNING = re.compile(r"(?i)warning|error|conflict|deprecat|does not exist|invalid")
_STRICT = {
    "strict_front_matter": True,
    "liquid": {"error_mode": "strict", "strict_filters": True, "strict_variables": True},
}


def build_strictly(source: Path, work: Path, base_url: str = "", *, expecting: str = "") -> Path:
    """Build `source` below `work`, and give the folder of the built site.

    Fails on any warning but the one expected, where that one is missing, and on any broken link.
    """
    strict = work / "strict.yml"
    strict.write_text(yaml.safe_dump(_STRICT))
    destination = work / f"built{base_url.replace('/', '_')}"
    where = ["--source", str(source), "--destination", str(destination)]
    where += ["--config", f"{source / '_config.yml'},{strict}"]
    done = subprocess.run(
        ["jekyll", "build", "--baseurl", base_url, "--disable-disk-cache", "--trace", *where],
        cwd=work,
        env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    told = (done.stdout + done.stderr).splitlines()
    warnings = [line for line in told if _COLOURED.search(line) or _WARNING.search(line)]
    unexpected = [line for line in warnings if not expecting or expecting not in line]
    broken = broken_links(destination, base_url)
    assert done.returncode == 0, "\n".join(told)
    assert not unexpected, "\n".join(unexpected)
    assert any(expecting in line for line in warnings or [""]), f"Jekyll did not say: {expecting}"
    assert not broken, "\n".join(broken)
    return destination
