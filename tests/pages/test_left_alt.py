"""The words for the picture at the left of a pair: its own, unless the block has others."""

from __future__ import annotations

from collections.abc import Callable


def test_a_pair_block_may_say_what_the_left_picture_shows(author, publish: Callable) -> None:
    """`left_alt` holds for that one place; the same picture keeps its own words elsewhere, whichever side is shown."""
    author.usual()
    author.post(
        "/// pair | me-starry_night\n    show: style\n    left_alt: the same stars\n///\n\n"
        "/// pair | me-starry_night\n    show: style\n///\n\n"
        "/// pair | me-starry_night\n    left_alt: myself, again\n///\n"
    )
    images = publish(author.site()).page().xpath("//figure//img[@class='source']")
    assert [image.get("alt") for image in images] == ["the same stars", "starry_night seen", "myself, again"]
