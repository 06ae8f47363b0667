"""Markdown of posts and captions."""

from __future__ import annotations

import pytest

from neural_gallery.pages.prose import caption_html, plain_text, read_prose, shortened


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*a* **b** `c`", "<em>a</em> <strong>b</strong> <code>c</code>"),
        ("[a](https://example.org)", '<a href="https://example.org">a</a>'),
        ("<b>a</b> & <i", "&lt;b&gt;a&lt;/b&gt; &amp; &lt;i"),
        ("<script>a</script>", "&lt;script&gt;a&lt;/script&gt;"),
        ("a\n\nb\n  c", "a b c"),
        ("# a", "# a"),
        ("- a", "- a"),
        ("1. a", "1. a"),
        ("> a", "&gt; a"),
        ("***", "***"),
        ("[a]: b", "[a]: b"),
        ("", ""),
    ],
)
def test_caption(text, html):
    """A caption is one line of inline Markdown; block syntax and raw HTML are text."""
    assert caption_html(text) == html


def test_raw_html_of_a_post_passes(author):
    """HTML that an author writes in a post is the author's own."""
    post = author.post('<div class="a" onclick="b()">\n<i>c</i>\n</div>\n\nText <kbd>d</kbd>.\n')
    html = read_prose(post, author.site()).html
    assert '<div class="a" onclick="b()">\n<i>c</i>\n</div>' in html
    assert "<p>Text <kbd>d</kbd>.</p>" in html


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a | b\n--|--\n1 | 2\n", "<td>1</td>"),
        ("```python\nx < 1\n```\n", '<pre><code class="language-python">x &lt; 1\n</code></pre>'),
        ("Text.[^1]\n\n[^1]: Note.\n", '<sup id="fnref:1">'),
        ("## Über uns\n", '<h2 id="über-uns">Über uns</h2>'),
        ("## a {: #b .c }\n", '<h2 class="c" id="b">a</h2>'),
        ('"a" -- b...\n', '<p>"a" -- b...</p>'),
        ("term\n: meaning\n", "<dd>meaning</dd>"),
        ("a | b in prose\n", "<p>a | b in prose</p>"),
    ],
)
def test_markdown_of_posts(author, body, expected):
    """Tables, code, footnotes, ids, attributes and definitions are understood; typography stays as written."""
    assert expected in read_prose(author.post(body), author.site()).html


@pytest.mark.parametrize(
    ("body", "summary"),
    [
        ("# Title\n\nFirst *one*\nof two.[^1]\n\nSecond.\n\n[^1]: Note.\n", "First one of two."),
        ("![only a picture](a.png)\n\nText & <b>more</b>.\n", "Text & more."),
        ("/// pair | me-the_scream\n    caption: No.\n///\n\nYes.\n", "Yes."),
        ("- item\n", ""),
        ("<style>p {}</style>\n\nText.\n", "Text."),
    ],
)
def test_summary(author, body, summary):
    """The summary is the text of the first paragraph that has some."""
    assert read_prose(author.usual().post(body), author.site()).summary == summary


def test_title_taken_from_a_heading_is_not_repeated(author):
    """A heading at the top that gave the post its title leaves the body; with a title of its own it stays."""
    taken = author.post("# Night\n\nText.\n", front_matter={}, title="Night")
    kept = author.post("# Night\n\nText.\n", front_matter={"title": "Other"}, title="Other")
    assert read_prose(taken, author.site()).html == "<p>Text.</p>"
    assert read_prose(kept, author.site()).html == '<h1 id="night">Night</h1>\n<p>Text.</p>'


def test_placeholders_of_the_author_are_dropped(author, publish):
    """A file that holds the very characters used as placeholders cannot confuse anything."""
    author.usual().post(
        "a\ufdd00\ufdd1 b<figure>\ufdd40\ufdd5</figure> \ufdd20\ufdd3\n\n/// pair | me-the_scream\n///\n"
    )
    for target in ("html", "jekyll"):
        files = publish(author.site(target)).files
        assert not any(chr(code) in text for text in files.values() for code in range(0xFDD0, 0xFDF0))


def test_plain_text():
    """Tags, scripts and comments are not text; entities are characters; white space is one space."""
    assert plain_text("<p>a &lt; <b>b</b><script>no</script><!-- no -->\n c&nbsp;d</p>") == "a < b c d"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("short", "short"), ("some words, and more", "some words…"), ("unbreakable-word", "unbreakable…")],
)
def test_shortened(text, expected):
    """Too long a text ends with a whole word and an ellipsis."""
    assert shortened(text, 12) == expected


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScript:alert(1)",
        "&#106;avascript:alert(1)",
        "javascript&colon;alert(1)",
        "java&Tab;script:alert(1)",
        "\u00a0javascript:alert(1)",
        "<javascript:alert(1)>",
        "vbscript:x",
        "data:text/html,x",
        "feed:javascript:x",
    ],
)
def test_links_that_captions_do_not_have(address):
    """A link in a caption leads to a page or to a person, and runs nothing."""
    assert caption_html(f"[a]({address})") == "<a>a</a>"


@pytest.mark.parametrize(
    "address",
    ["http://a.example", "HTTPS://a.example/?q=b:c", "mailto:a@b.example", "/a:b", "a?b:c", "#a:b", "a/b", ""],
)
def test_links_that_captions_have(address):
    """Addresses of pages, whole or not, and of people."""
    assert caption_html(f"[a]({address})") == f'<a href="{address}">a</a>'


def test_post_nested_too_deeply(author, problems_of):
    """What exhausts the stack is told as a problem of the post."""
    author.usual().post("Text.\n\n" + "- " * 3000 + "a", body_line=3)
    assert problems_of(author.site()) == [
        "content/posts/night.md:3: something in the post is nested too deeply to be read. "
        "Look for long runs of '>' or '<', or of lists."
    ]


def test_summary_of_many_open_paragraphs(author):
    """Paragraphs without ends are passed in one go."""
    assert read_prose(author.post("<p class='a'>" * 4000), author.site()).summary == ""


def test_post_that_markdown_stumbles_over(author, problems_of, monkeypatch):
    """An error of Markdown's own is told as a problem of the post."""

    def stumble(*_):
        raise TypeError("unsupported")

    monkeypatch.setattr("markdown.Markdown.convert", stumble)
    author.usual().post("Text.\n", body_line=3)
    assert problems_of(author.site()) == [
        "content/posts/night.md:3: Markdown stumbles over something in the post: unsupported. "
        "Look at its footnotes, definitions and raw HTML; leave one out after the other to find it."
    ]
