"""Makes the README's picture from what the example site has painted.

    neural-gallery build && python docs/make_images.py

Each row: the photograph, the painting, and the photograph in the style of the painting, as published in `public/`.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "public" / "static" / "img"
ROWS = (
    ("rocket.jpg", "village-street-in-auvers.jpg", "rocket-village-street-in-auvers.png"),
    ("chelsea.jpg", "great-wave.jpg", "chelsea-great-wave.png"),
    ("astronaut.jpg", "poppies.jpg", "astronaut-poppies.png"),
)
HEIGHT, GAP = 267, 8


def row(names: tuple[str, ...]) -> list[Image.Image]:
    """The pictures of one row, all of one height."""
    pictures = []
    for name in names:
        folder = PUBLISHED if (PUBLISHED / name).exists() else ROOT / "content" / "images"
        with Image.open(folder / name) as image:
            width = round(image.width * HEIGHT / image.height)
            pictures.append(image.convert("RGB").resize((width, HEIGHT), Image.Resampling.LANCZOS))
    return pictures


def main() -> None:
    """Writes docs/images/readme.jpg."""
    rows = [row(names) for names in ROWS]
    widths = [max(line[column].width for line in rows) for column in range(3)]
    size = (sum(widths) + 2 * GAP, len(rows) * HEIGHT + (len(rows) - 1) * GAP)
    sheet = Image.new("RGB", size, "white")
    for number, line in enumerate(rows):
        for column, picture in enumerate(line):
            left = sum(widths[:column]) + column * GAP + (widths[column] - picture.width) // 2
            sheet.paste(picture, (left, number * (HEIGHT + GAP)))
    sheet.save(ROOT / "docs" / "images" / "readme.jpg", quality=88, optimize=True)


if __name__ == "__main__":
    main()
