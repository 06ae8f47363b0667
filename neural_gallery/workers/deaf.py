"""A process that imports this does not hear Ctrl-C, which a terminal tells to all processes: another one ends it."""

from __future__ import annotations

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)
