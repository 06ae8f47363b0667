"""What is wrong with how a page lies in its window, as far as a program can see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

LEAST_TEXT = 12  # pixels
MEASURE = (45, 80)  # characters in a line of prose, where the window has room for them

# Texts are compared by the rectangles of their lines, which are higher than letters: a quarter of each does not count.
FIND = r"""([least, [shortest, longest]]) => {
  const wrong = [];
  const width = document.documentElement.clientWidth;
  const dialog = document.querySelector("dialog[open]");
  const within = (dialog ?? document.body);
  const told = element => {
    const classes = [...element.classList].map(name => `.${name}`).join("");
    const name = element.localName + (element.id ? `#${element.id}` : "") + classes;
    return `${name} "${(element.textContent || element.alt || "").trim().replace(/\s+/g, " ").slice(0, 40)}"`;
  };
  const scrolled = element => {
    for (let at = element; at && at !== document.body; at = at.parentElement)
      if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(at).overflowX) && at !== dialog) return true;
    return false;
  };
  const seen = element => element.checkVisibility({opacityProperty: false, visibilityProperty: true});

  if (document.documentElement.scrollWidth > width)
    wrong.push(`the page is ${document.documentElement.scrollWidth} pixels wide`);

  for (const element of within.querySelectorAll("*")) {
    if (!seen(element) || scrolled(element)) continue;
    const box = element.getBoundingClientRect();
    if (box.width && box.height && (box.left < -0.5 || box.right > width + 0.5))
      wrong.push(`${told(element)} reaches from ${box.left} to ${box.right}`);
  }

  for (const image of within.querySelectorAll("img")) {
    const box = image.getBoundingClientRect();
    if (!seen(image)) continue;
    if (!image.complete || !image.naturalWidth) wrong.push(`${told(image)} is not there`);
    if (box.width > innerWidth || box.height > innerHeight)
      wrong.push(`${told(image)} is ${box.width} x ${box.height}, larger than its window`);
  }

  const lines = [];
  const texts = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !seen(element) || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < least) wrong.push(`${told(element)} has letters of ${size} pixels`);
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    for (const {left, right, top, bottom} of range.getClientRects()) {
      const less = (bottom - top) / 8;
      if (right - left > 1 && !scrolled(element))
        lines.push({element, left, right, top: top + less, bottom: bottom - less});
    }
  }
  lines.sort((one, other) => one.top - other.top);
  lines.forEach((one, index) => {
    for (const other of lines.slice(index + 1)) {
      if (other.top >= one.bottom) break;
      if (Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1)
        wrong.push(`${told(one.element)} and ${told(other.element)} lie on one another`);
    }
  });

  for (const paragraph of within.querySelectorAll(".post > p")) {
    const style = getComputedStyle(paragraph);
    const count = paragraph.getBoundingClientRect().height / parseFloat(style.lineHeight);
    const characters = paragraph.textContent.trim().replace(/\s+/g, " ").length / count;
    if (count < 1.5) continue;
    if (characters > longest || (innerWidth >= 640 && count > 3.5 && characters < shortest))
      wrong.push(`${told(paragraph)} has ${Math.round(characters)} characters a line`);
  }
  return wrong;
}"""


def faults(page: Page) -> list[str]:
    """Each in words: what sticks out, lies on something else, or is too small, too large or too long to read."""
    found: list[str] = page.evaluate(FIND, [LEAST_TEXT, MEASURE])
    return found


def load_pictures(page: Page) -> None:
    """Load what would load when it comes near the window, as a picture of the whole page shows it."""
    page.evaluate(
        """async () => {
          const images = [...document.images];
          for (const image of images) image.loading = "eager";
          await Promise.all(images.map(image => image.decode().catch(() => {})));
        }"""
    )
