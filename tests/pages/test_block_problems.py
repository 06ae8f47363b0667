"""Everything that can be wrong with a block, in the exact words, with the line and column of the post."""

from __future__ import annotations

import time

import pytest

PLACE = "content/posts/night.md"
OPTIONS_HINT = "Write `name: value`; put a value that holds a colon or begins with a special character in quotes."

CASES = {
    "unknown pair": (
        "/// pair | tardis-stary_night\n///",
        "12:12: there is no pair 'tardis-stary_night'. Did you mean 'tardis-starry_night'?",
    ),
    "unknown pair, nothing near": (
        "/// pair | zzz\n///",
        "12:12: there is no pair 'zzz'. The pairs are 'tardis-starry_night', 'me-starry_night', 'me-the_scream'.",
    ),
    "pair without id": ("/// pair\n///", "12:5: the pair block does not say which pair. Write `/// pair | NAME`."),
    "unknown picture": (
        "/// picture | stary_night\n///",
        "12:15: there is no picture 'stary_night'. Did you mean 'starry_night'?",
    ),
    "unknown option": (
        "/// pair | me-the_scream\n    captoin: x\n///",
        "13:5: a pair block has no option 'captoin'. Did you mean 'caption'?",
    ),
    "unknown option, nothing near": (
        "/// picture | me\n    zzz: x\n///",
        "13:5: a picture block has no option 'zzz'. Its options are 'caption', 'alt', 'width', 'id'.",
    ),
    "show": (
        "/// pair | me-the_scream\n    show: stile\n///",
        "13:11: 'stile' is not a picture to show. Did you mean 'style'?",
    ),
    "show, nothing near": (
        "/// gallery | all\n    show: left\n///",
        "13:11: 'left' is not a picture to show. Write `content` or `style`.",
    ),
    "width": (
        "/// picture | me\n    width: 0\n///",
        "13:12: '0' is not a width. Write a whole number of pixels from 1 to 4096.",
    ),
    "width in Arabic digits": (
        "/// picture | me\n    width: ٣\n///",
        "13:12: '٣' is not a width. Write a whole number of pixels from 1 to 4096.",
    ),
    "gallery term": (
        "/// gallery | by=me\n///",
        "12:15: a gallery cannot be chosen by 'by=me'. "
        "A gallery is chosen by `all`, or by terms like `style=NAME` and `content=NAME`.",
    ),
    "gallery of an unknown style": (
        "/// gallery | style=the_screem\n///",
        "12:15: no pair has the style 'the_screem'. Did you mean 'the_scream'?",
    ),
    "gallery by a picture used otherwise": (
        "/// gallery | style=me\n///",
        "12:15: no pair has the style 'me'. The styles are 'starry_night', 'the_scream'.",
    ),
    "empty gallery": (
        "/// gallery | content=tardis style=the_scream\n///",
        "12:15: no pair is chosen by 'content=tardis style=the_scream'. "
        "Terms of different kinds are combined: a pair must satisfy both.",
    ),
    "unknown block": ("/// pare | me-the_scream\n///", "12:12: there is no block 'pare'. Did you mean 'pair'?"),
    "unknown block, nothing near": (
        "/// note\n///",
        "12:5: there is no block 'note'. The blocks are 'pair', 'picture' and 'gallery'.",
    ),
    "no bar": (
        "/// pair me-the_scream\n///",
        "12:1: '/// pair me-the_scream' does not begin a block. "
        "Put a bar before the argument: `/// pair | me-the_scream`.",
    ),
    "not closed": (
        "/// pair | me-the_scream\n\nText.",
        "12:12: the pair block is not closed. Write `///` on a line of its own after its options.",
    ),
    "not closed before the next": (
        "/// pair | me-the_scream\n\n/// pair | me-starry_night\n///\n",
        "12:12: the pair block is not closed. Write `///` on a line of its own after its options.",
    ),
    "text inside": (
        "/// pair | me-the_scream\n\nA caption.\n///",
        "12:12: a pair block cannot hold text: 'A caption.'. Write options as `name: value`, four spaces in, "
        "right under `/// pair | me-the_scream`; close with `///`.",
    ),
    "options not indented": (
        "/// pair | me-the_scream\ncaption: x\n///",
        "12:12: a pair block cannot hold text: 'caption: x'. Write options as `name: value`, four spaces in, "
        "right under `/// pair | me-the_scream`; close with `///`.",
    ),
    "colon in a value": (
        "/// pair | me-the_scream\n    show: style\n    caption: Look: this\n///",
        f"14:18: the block's options are not YAML: mapping values are not allowed here. {OPTIONS_HINT}",
    ),
    "options are text": (
        "/// pair | me-the_scream\n    style\n///",
        "13:5: the block's options are not names with values. Write each on its own line as `name: value`.",
    ),
    "option twice": (
        "/// pair | me-the_scream\n    show: style\n    show: content\n///",
        "14:5: the option 'show' is given twice. Remove one of the two.",
    ),
    "option is a list": (
        "/// pair | me-the_scream\n    caption: [a, b]\n///",
        "13:5: an option of a block is one value, not a list or a mapping. Put it in quotes if it is meant as text.",
    ),
    "unclosed list": (
        "/// pair | me-the_scream\n    caption: [a\n///",
        "13:16: the block's options are not YAML: expected ',' or ']', but got '<stream end>'. " + OPTIONS_HINT,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_problem_of_a_block(author, problems_of, name):
    """Each problem is told once, with its place in the file and what to do."""
    text, expected = CASES[name]
    author.usual().post(f"# Title\n\n{text}\n", body_line=10)
    assert problems_of(author.site()) == [f"{PLACE}:{expected}"]


def test_all_problems_at_once(author, problems_of):
    """Problems of all blocks of all posts come in one list, by place."""
    author.usual()
    author.post("/// picture | a1\n///\n\n> /// pair | b1\n>     shwo: x\n> ///\n", name="b")
    author.post("- item\n\n    /// gallery | zzz\n    ///\n", name="a")
    places = [problem.split(": ")[0] for problem in problems_of(author.site())]
    assert places == [
        "content/posts/a.md:3:19",
        "content/posts/b.md:1:15",
        "content/posts/b.md:4:14",
        "content/posts/b.md:5:7",
    ]


@pytest.mark.parametrize(
    "code",
    [
        "```\n/// pair | nope\n    show: x: y\n///\n```",
        "    /// pair | nope\n        show: x\n    ///",
        "~~~ md\n/// nope\n///\n~~~",
        "<pre>\n/// pair | nope\n///\n</pre>",
    ],
)
def test_code_that_shows_blocks(author, problems_of, publish, code):
    """Blocks in code are no blocks, and are shown as they are written."""
    author.usual().post(f"Text.\n\n{code}\n")
    assert problems_of(author.site()) == []
    shown = publish(author.site()).page().xpath("string(//pre)").strip()
    assert shown.startswith("/// ")
    assert not any(0xFDD0 <= ord(character) <= 0xFDEF for character in shown)


def test_problem_after_liquid_over_several_lines(author, problems_of):
    """Hiding Liquid from Markdown does not move the lines below it."""
    author.usual().post("{% assign a =\n  'b'\n%}\n\n/// pair | nope\n///\n", liquid=True, body_line=4)
    assert problems_of(author.site("jekyll")) == [
        f"{PLACE}:8:12: there is no pair 'nope'. "
        "The pairs are 'tardis-starry_night', 'me-starry_night', 'me-the_scream'."
    ]


def test_empty_manifest(author, problems_of):
    """Where nothing is declared there is nothing to suggest."""
    author.post("/// pair | a\n///\n")
    assert problems_of(author.site()) == [f"{PLACE}:1:12: there is no pair 'a'. The manifest declares no pairs."]


def test_long_lists_of_names_are_cut(author, problems_of):
    """A message names a dozen pictures, and says how many there are besides."""
    for number in range(15):
        author.picture(f"p{number:02}")
    author.post("/// picture | zzz\n///\n")
    [problem] = problems_of(author.site())
    assert problem.endswith("'p10', 'p11', and 3 more.")


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ('caption: "a\\0b"', "13:5: the option holds the character U+0000, which cannot be shown. Remove it."),
        (
            'caption: "a\\uFDD20\\uFDD3"',
            "13:5: the option holds the character U+FDD2, which cannot be shown. Remove it.",
        ),
        ('caption: "a\\ud800"', "13:5: the option holds the character U+D800, which cannot be shown. Remove it."),
        ("caption: a\x07b", "13:15: the character U+0007 cannot be shown. Remove it."),
        (f"caption: {'x' * 5001}", "13:5: the option 'caption' is too long. Write at most 5000 characters."),
        (
            f"caption: {'[' * 400}",
            "13:5: the block's options are not names with values. Write each on its own line as `name: value`.",
        ),
        (
            f"{'x' * 200}: a",
            f"13:5: a pair block has no option '{'x' * 59}…'. "
            "Its options are 'show', 'caption', 'alt', 'left_alt', 'id'.",
        ),
    ],
)
def test_hostile_options(author, problems_of, option, expected):
    """Escapes that make what pages cannot show, control characters, and what is too long or too deep."""
    author.usual().post(f"# Title\n\n/// pair | me-the_scream\n    {option}\n///\n", body_line=10)
    assert problems_of(author.site()) == [f"{PLACE}:{expected}"]


def test_brackets_that_are_not_closed(author, problems_of):
    """Markdown looks for the end of each of them; closed ones may be any number, as in a long table of links."""
    author.usual().post(f"Text.\n\n{'[a](b) ' * 1000}\n\n{'![' * 501}\n", body_line=10)
    assert problems_of(author.site()) == [
        f"{PLACE}:14: the paragraph that begins here has more than 500 brackets '[' that are open at once. "
        "Close them with ']', or leave them out."
    ]


@pytest.mark.parametrize("character", "<`")
def test_crowded_paragraph(author, problems_of, character):
    """Markdown takes the square of the number of some characters; a paragraph may have thousands, not more."""
    author.usual().post(f"Text.\n\n{character * 5001}\n", body_line=10)
    assert problems_of(author.site()) == [
        f"{PLACE}:12: the paragraph that begins here has more than 5000 times '{character}'. Divide it by empty lines."
    ]


def test_header_with_many_spaces(author, problems_of):
    """Spaces before and within an argument are passed in one go."""
    author.usual().post(f"/// pair | a{' ' * 5_000}b\n///\n")
    started = time.process_time()
    assert len(problems_of(author.site())) == 1
    assert time.process_time() - started < 2


def test_block_right_below_a_quoted_one(author, problems_of, publish):
    """A block may follow the end of one in a quotation without an empty line; where it is not closed, that is told."""
    author.usual().post("> /// pair | me-the_scream\n> ///\n/// pair | me-starry_night\n///\n")
    assert problems_of(author.site()) == []
    assert publish(author.site()).page().xpath("//figure/@id") == ["me-the_scream", "me-starry_night"]


def test_block_that_is_not_closed_below_a_quoted_one(author, problems_of):
    """It is told as anywhere."""
    author.usual().post("> /// pair | me-the_scream\n> ///\n/// pair | me-starry_night\n\nText.\n")
    assert problems_of(author.site()) == [
        f"{PLACE}:3:12: the pair block is not closed. Write `///` on a line of its own after its options."
    ]


def test_block_without_an_end_in_a_footnote(author, problems_of):
    """A footnote may end with one; it is told as anywhere."""
    author.usual().post("Text.[^1]\n\n[^1]: Note.\n\n    /// picture | me\n")
    assert problems_of(author.site()) == [
        f"{PLACE}:5:19: the picture block is not closed. Write `///` on a line of its own after its options."
    ]
