"""`--cluster` and `--worker-timeout`: what may be written, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from neural_gallery.cli.crews import address_of
from neural_gallery.errors import UsageError

Run = Callable[..., Result]

REMEDY = "Write a scheduler's address, as tcp://192.168.1.20:8786, or local:4 for processes here, 1 to 256."


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp://scheduler:8786", "tcp://scheduler:8786"),
        ("tls://10.0.0.7:1", "tls://10.0.0.7:1"),
        ("ws://dask.example.org:65535", "ws://dask.example.org:65535"),
        ("tcp://[fe80::1]:8786", "tcp://[fe80::1]:8786"),
        (" local:4 ", "local:4"),
        ("local:256", "local:256"),
        ("local:04", "local:4"),
    ],
)
def test_addresses(text: str, address: str):
    """Schedulers by protocol, host and port; local clusters by their processes."""
    assert address_of(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "4", "local", "local:", "local:0", "local:257", "local:-1", f"local:{'9' * 400}"),
        *("scheduler:8786", "tcp://:8786", "tcp://host", "tcp://host:0", "tcp://host:65536", "tcp://ho st:80"),
        *("http://host:80", "inproc://1/2/3"),
    ],
)
def test_what_is_no_cluster(text: str):
    """Told with how to write one."""
    with pytest.raises(UsageError) as caught:
        address_of(text)
    assert str(caught.value) == f"--cluster: '{text}' is no cluster. {REMEDY}"


@pytest.mark.parametrize("command", ["build", "paint"])
def test_the_commands_tell(run: Run, write_site: Callable[..., Path], command: str):
    """Exit code 2, before anything is looked at; a time without a cluster is a mistake, too."""
    write_site()
    wrong = run(command, "--cluster", "local:many")
    assert (wrong.exit_code, wrong.stderr.splitlines()[0]) == (2, f"--cluster: 'local:many' is no cluster. {REMEDY}")
    alone = run(command, "--worker-timeout", "60s")
    assert (alone.exit_code, alone.stderr.splitlines()[0]) == (
        2,
        "--worker-timeout is for painting on a cluster. Add --cluster.",
    )
    soon = run(command, "--cluster", "local:2", "--worker-timeout", "soon")
    assert soon.stderr.startswith("--worker-timeout: 'soon' is not a duration.")
