"""How far painting is, as browsers are told it: JSON values."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from neural_gallery.corridor.estimate import Forecast
from neural_gallery.corridor.events import PairProgress, PairStarted

if TYPE_CHECKING:
    from neural_gallery.workers.messages import RGB

FRAMES = "/_live/frames/"
"""Where the newest frame of a pair is, below this by the pair's id."""

AT_LEAST = 0.2
"""Seconds between two messages without a new frame."""


@dataclass(slots=True)
class Progress:
    """The pair that is being painted, if any. Threads may ask while another tells."""

    _pair: str = ""
    _number: int = 0  # of the newest frame
    _frame: RGB | None = None
    _told: dict[str, object] = field(default_factory=dict)
    _forecast: Forecast = field(default_factory=lambda: Forecast(()))
    _last: float = -math.inf
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, event: PairStarted) -> Mapping[str, object]:
        """A pair begins; the message about it."""
        self._forecast = Forecast([event.expected_seconds])
        self._forecast.start(time.monotonic())
        with self._lock:
            self._pair, self._frame = event.pair, None
            self._told = {
                "pair": event.pair,
                "position": event.position,
                "total": event.total,
                "step": 0,
                "steps": 0,
                "stage": "starting",
                "loss": None,
                "work": 0.0,
                "left": round(event.expected_seconds, 1),
                "frame": "",
            }
            return dict(self._told)

    def advance(self, event: PairProgress) -> Mapping[str, object] | None:
        """It goes on; the message about it, or None where the last one is not old enough."""
        now = time.monotonic()
        self._forecast.progress(event.work, now)
        with self._lock:
            if event.frame is not None:
                self._number += 1
                self._frame = event.frame
                self._told["frame"] = f"{FRAMES}{quote(event.pair)}?{self._number}"
            elif now - self._last < AT_LEAST:
                return None
            self._last = now
            self._told |= {
                "step": event.step,
                "steps": event.steps,
                "stage": event.stage,
                "loss": float(f"{event.loss:.4g}") if math.isfinite(event.loss) else None,
                "work": round(event.work, 4),
                "left": round(self._forecast.remaining(now), 1),
            }
            return dict(self._told)

    def end(self) -> None:
        """Nothing is being painted."""
        with self._lock:
            self._pair, self._frame, self._told = "", None, {}

    def now(self) -> Mapping[str, object] | None:
        """The newest message, None where nothing is being painted."""
        with self._lock:
            return dict(self._told) or None

    def frame(self, pair: str) -> RGB | None:
        """The newest frame of that pair."""
        with self._lock:
            return self._frame if pair == self._pair else None
