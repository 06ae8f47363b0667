"""Server-Sent Events: messages from any thread to every browser that listens."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from threading import Lock
from typing import TypeAlias

Data: TypeAlias = Mapping[str, object]

SILENCE = 15.0
"""Seconds after which a sign of life is sent: only by sending it is seen that a browser has gone."""

RETRY = 500
"""Milliseconds after which a browser comes back when the connection has broken."""

_Queue: TypeAlias = "asyncio.Queue[str | None]"


class Broadcast:
    """Whoever listens gets what is sent from then on."""

    def __init__(self) -> None:
        self._listeners: dict[_Queue, asyncio.AbstractEventLoop] = {}
        self._lock = Lock()
        self._closed = False

    def send(self, event: str, data: Data) -> None:
        """Send one message, from any thread."""
        self._hand_out(message(event, data))

    def close(self) -> None:
        """Every listener has heard the last."""
        self._closed = True
        self._hand_out(None)

    async def listen(self, greeting: Callable[[], Data]) -> AsyncIterator[str]:
        """The stream of one listener. It begins with a `hello`, whose data tell all that was to be known before."""
        queue: _Queue = asyncio.Queue()
        with self._lock:
            self._listeners[queue] = asyncio.get_running_loop()
        try:
            # Only now: what happens between the greeting and the first message is in one of them, or in both.
            yield f"retry: {RETRY}\n" + message("hello", greeting())
            while not self._closed:
                told = ": still here\n\n"
                with contextlib.suppress(TimeoutError):
                    told = await asyncio.wait_for(queue.get(), SILENCE)
                if told is None:
                    return
                yield told
        finally:
            with self._lock:
                del self._listeners[queue]

    def _hand_out(self, told: str | None) -> None:
        with self._lock:
            for queue, loop in self._listeners.items():
                with contextlib.suppress(RuntimeError):  # the loop has ended, and its listeners with it
                    loop.call_soon_threadsafe(queue.put_nowait, told)


def message(event: str, data: Data) -> str:
    """A message as it is sent: JSON has no line breaks of its own."""
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False, allow_nan=False)}\n\n"
