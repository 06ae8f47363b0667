"""What a page costs a reader, measured in Chromium: weight, requests, time to the largest paint, layout shift.

    python benchmarks/page.py [FOLDER] [--page index.html] [--rounds 5] [--axe]

FOLDER is a built site, `public` unless given. It is served from this machine, and the browser is slowed down to 4G as
WebPageTest has it: 9 Mbit/s, 170 ms there and back. "At once" is what is fetched until the page is quiet,
without scrolling; "scrolled" is all that is fetched by scrolling to the end, before any click; "animations" are those
that a click on each result then fetches. With `--axe` axe-core looks for violations of WCAG 2.2 AA (it needs
axe-playwright-python).
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Page, Response, sync_playwright

FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def find_chromium() -> str | None:
    """The browser of this machine, if there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


FOUR_G = {"offline": False, "latency": 170, "downloadThroughput": 9e6 / 8, "uploadThroughput": 9e6 / 8}
OBSERVE = """() => {
  window.shift = 0; window.largest = 0;
  new PerformanceObserver(list => { for (const entry of list.getEntries()) window.shift += entry.value; })
    .observe({type: "layout-shift", buffered: true});
  new PerformanceObserver(list => { for (const entry of list.getEntries()) window.largest = entry.startTime; })
    .observe({type: "largest-contentful-paint", buffered: true});
}"""


@dataclass
class Fetched:
    """What the browser has fetched so far: bytes of bodies, by address."""

    sizes: dict[str, int] = field(default_factory=dict)

    def note(self, response: Response) -> None:
        """Count a finished answer."""
        if response.ok:
            self.sizes[response.url] = int(response.headers.get("content-length", 0))

    def since(self, before: set[str]) -> dict[str, int]:
        """What was fetched after those addresses."""
        return {address: size for address, size in self.sizes.items() if address not in before}


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit, from the first byte to the last animation."""

    at_once: int
    requests: int
    scrolled: int
    animations: tuple[int, ...]
    largest_paint: float  # seconds
    shift: float


class Quiet(SimpleHTTPRequestHandler):
    """Serves files over connections that stay open, and says nothing."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Not a word."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder's address while it is served."""
    handler = partial(Quiet, directory=str(folder.resolve()))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def visit(browser: Browser, address: str) -> Visit:
    """Look at the page, scroll to its end, and play every result."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", FOUR_G)
    fetched = Fetched()
    page.on("response", fetched.note)
    page.goto(address, wait_until="networkidle")
    page.evaluate(OBSERVE)
    page.wait_for_timeout(200)
    largest, at_once, requests = page.evaluate("window.largest"), sum(fetched.sizes.values()), len(fetched.sizes)
    _scroll(page)
    scrolled, before = sum(fetched.sizes.values()), set(fetched.sizes)
    for button in page.locator("figure.pair button.swap").all():
        button.press("Enter")
        page.wait_for_function("(button) => button.ariaPressed === 'true'", arg=button.element_handle())
        button.press("Enter")
    found = Visit(
        at_once,
        requests,
        scrolled,
        tuple(fetched.since(before).values()),
        largest / 1000,
        page.evaluate("window.shift"),
    )
    page.context.close()
    return found


def _scroll(page: Page) -> None:
    for _ in range(100):
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(60)
        if page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 1"):
            break
    page.wait_for_load_state("networkidle")


def violations(browser: Browser, address: str) -> list[str]:
    """The rules of WCAG 2.2 AA that the page breaks, every recipe open."""
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page()
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    response = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}}).response
    return [rule["id"] for rule in response["violations"]]


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("public"))
    parser.add_argument("--page", default="index.html")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--axe", action="store_true")
    options = parser.parse_args()
    program = find_chromium()
    if program is None:
        parser.error("no Chromium was found on this machine")
    with served(options.folder) as site, sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=FLAGS)
        visits = [visit(browser, f"{site}{options.page}") for _ in range(options.rounds)]
        print(f"Chromium {browser.version}, {options.rounds} visits, medians; kB of 1000 bytes\n")
        _print_table(visits)
        if options.axe:
            print("\naxe-core:", ", ".join(violations(browser, f"{site}{options.page}")) or "no violation")
        browser.close()


def _print_table(visits: list[Visit]) -> None:
    def median(name: str) -> float:
        return statistics.median(getattr(one, name) for one in visits)

    animations = [size for one in visits for size in one.animations]
    largest = max(animations, default=0)
    print("| at once kB | requests | scrolled kB | largest animation kB | largest paint s | layout shift |")
    print("| --- | --- | --- | --- | --- | --- |")
    print(
        f"| {median('at_once') / 1000:.0f} | {median('requests'):.0f} | {median('scrolled') / 1000:.0f} "
        f"| {largest / 1000:.0f} | {median('largest_paint'):.2f} | {max(one.shift for one in visits):.4f} |"
    )


if __name__ == "__main__":
    main()
