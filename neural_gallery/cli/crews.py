"""Options for painting elsewhere: `--cluster` and `--worker-timeout`."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from neural_gallery.cli.options import Function, Request, workshop_of
from neural_gallery.cli.portions import duration
from neural_gallery.errors import UsageError

if TYPE_CHECKING:
    from neural_gallery.corridor.workshop import Workshop

MOST = 256
"""Processes of a local cluster."""

_LOCAL = re.compile(r"local:(\d+)")
_ADDRESS = re.compile(r"(?:tcp|tls|ws|wss)://(?:\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d+)")
_PORTS = range(1, 65536)
_WRITE = f"Write a scheduler's address, as tcp://192.168.1.20:8786, or local:4 for processes here, 1 to {MOST}."


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where to paint."""

    address: str
    patience: float | None  # seconds without a sign of life; None: as crews have it


def cluster_options(function: Function) -> Function:
    """`--cluster` and `--worker-timeout`: the command gets a Cluster, or None."""

    @functools.wraps(function)
    def command(*arguments: object, cluster: str | None, worker_timeout: str | None, **keywords: object) -> object:
        if worker_timeout is not None and cluster is None:
            raise UsageError.at(None, "--worker-timeout is for painting on a cluster.", "Add --cluster.")
        patience = None if worker_timeout is None else duration(worker_timeout, "--worker-timeout")
        given = None if cluster is None else Cluster(address_of(cluster), patience)
        return function(*arguments, cluster=given, **keywords)

    where = "Paint on the Dask cluster of that scheduler, as tcp://host:8786, or with local:N in N processes here."
    patience = "Give a pair to another worker when one has been silent for so long; 5m unless given."
    command = click.option("--worker-timeout", metavar="DURATION", help=patience)(command)
    return click.option("--cluster", metavar="ADDRESS", help=where)(command)


def address_of(text: str) -> str:
    """The address as it is written, seen to be one. Raises UsageError."""
    written = text.strip()
    if local := _LOCAL.fullmatch(written):
        if len(local[1]) < 9 and 1 <= int(local[1]) <= MOST:
            return f"local:{int(local[1])}"
    elif (address := _ADDRESS.fullmatch(written)) and len(address[1]) < 9 and int(address[1]) in _PORTS:
        return written
    raise UsageError.at(None, f"--cluster: '{text}' is no cluster.", _WRITE)


def workshop_for(context: click.Context, request: Request, cluster: Cluster | None) -> Workshop:
    """The command's workshop, painting on that cluster if there is one."""
    from neural_gallery.corridor.workshop import Workshop, with_cluster

    workshop = workshop_of(context, request)
    if cluster is None:
        return workshop
    compiled = None if context.find_object(Workshop) else request.cache / "compiled"
    return with_cluster(workshop, cluster.address, compiled, patience=cluster.patience)
