"""Posts: front matter, and what follows from it, from the body and from the file's name."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neural_gallery.errors import InputError, PostError
from neural_gallery.site.model import Post, Site
from neural_gallery.site.posts import read_post

UTC = datetime.UTC


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Post]:
    """Reads a post given as text."""

    def read_text(text: str, name: str = "a-post.md") -> Post:
        path = tmp_path / "posts" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
        return read_post(path, tmp_path)

    return read_text


@pytest.fixture
def told(read: Callable[..., Post]) -> Callable[..., list[str]]:
    """What is told about a post given as text, without the file's name."""

    def told_of(text: str, name: str = "a-post.md") -> list[str]:
        with pytest.raises(PostError) as caught:
            read(text, name)
        return [str(problem).removeprefix(f"posts/{name}:") for problem in caught.value.problems]

    return told_of


def matter(*lines: str) -> str:
    """A post with these lines of front matter."""
    return "\n".join(["---", *lines, "---", "Body.", ""])


def test_a_whole_post(read: Callable[..., Post], tmp_path: Path) -> None:
    """Every part of a post arrives, unknown keys in their order among them."""
    text = matter("layout: post", "title: Neural Art", "date: 2015-09-08", "tags: [art]", "slug: art", "liquid: true")
    post = read(text)
    assert post == Post(
        path=tmp_path / "posts/a-post.md",
        file="posts/a-post.md",
        front_matter={
            "layout": "post",
            "title": "Neural Art",
            "date": datetime.date(2015, 9, 8),
            "tags": ["art"],
            "slug": "art",
            "liquid": True,
        },
        body="Body.\n",
        body_line=9,
        title="Neural Art",
        date=datetime.datetime(2015, 9, 8, tzinfo=UTC),
        slug="art",
        liquid=True,
    )
    assert list(post.front_matter) == ["layout", "title", "date", "tags", "slug", "liquid"]


@pytest.mark.parametrize(
    ("text", "body", "line"),
    [
        ("", "", 1),
        ("Body.\n---\nno\n", "Body.\n---\nno\n", 1),
        ("---\n---\nBody.", "Body.", 3),
        ("---\n# only a comment\n---\nBody.", "Body.", 4),
        ("---  \ntitle: a\n...\nBody.", "Body.", 4),
        ("\ufeff---\r\ntitle: a\r\n---\r\nBody.\r\nMore.", "Body.\nMore.", 4),
        ("---\ntitle: a\n---", "", 4),
        ("----\nBody.", "----\nBody.", 1),
    ],
)
def test_where_the_body_begins(read: Callable[..., Post], text: str, body: str, line: int) -> None:
    """Posts without front matter, with an empty one, and with the line ends and marks of other systems."""
    post = read(text)
    assert (post.body, post.body_line) == (body, line)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (matter("title: From matter") + "# From body\n", "From matter"),
        (matter("title:") + "# From body\n", "From body"),
        ("text\n\n#  From *body* ##\n# Second\n", "From *body*"),
        ("# From body {#anchor}\n", "From body"),
        ("```\n# a comment\n```\n~~~~\n~~~\n# more\n~~~~\n## Second level\n# From body\n", "From body"),
        ("#no heading\n", "A post"),
        ("#\n", "A post"),
        ("", "A post"),
    ],
)
def test_title(read: Callable[..., Post], text: str, title: str) -> None:
    """The title is the front matter's, or the first heading, or made of the slug."""
    assert read(text).title == title


@pytest.mark.parametrize(
    ("name", "slug", "title"),
    [
        ("neural_art.md", "neural_art", "Neural art"),
        ("2015-09-08-neural-art.md", "neural-art", "Neural art"),
        ("2015-9-8-neural-art.markdown", "neural-art", "Neural art"),
        ("Ein Bild à la Monet!.md", "Ein-Bild-a-la-Monet", "Ein Bild a la Monet"),
        ("_draft~.md", "draft", "Draft"),
        (f"{'a' * 120}.md", "a" * 100, "A" + "a" * 99),
    ],
)
def test_slug_of_a_file_name(read: Callable[..., Post], name: str, slug: str, title: str) -> None:
    """What is not allowed in a URL or by Jekyll is left out, a date too."""
    post = read("", name)
    assert (post.slug, post.title) == (slug, title)


PLUS_TWO = datetime.timezone(datetime.timedelta(hours=2))


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2015-09-08", datetime.datetime(2015, 9, 8, tzinfo=UTC)),
        ("'2015-9-8'", datetime.datetime(2015, 9, 8, tzinfo=UTC)),
        ("2015-09-08 18:30:00", datetime.datetime(2015, 9, 8, 18, 30, tzinfo=UTC)),
        ("2015-09-08 18:30", datetime.datetime(2015, 9, 8, 18, 30, tzinfo=UTC)),
        ("2015-09-08T18:30:00Z", datetime.datetime(2015, 9, 8, 18, 30, tzinfo=UTC)),
        ("2015-09-08 18:30:00 UTC", datetime.datetime(2015, 9, 8, 18, 30, tzinfo=UTC)),
        ("2015-09-08 18:30:00 +0200", datetime.datetime(2015, 9, 8, 18, 30, tzinfo=PLUS_TWO)),
        ("2015-09-08 18:30:00 +02:00", datetime.datetime(2015, 9, 8, 18, 30, tzinfo=PLUS_TWO)),
        ("'2015-09-08 18:30 +02:00'", datetime.datetime(2015, 9, 8, 18, 30, tzinfo=PLUS_TWO)),
    ],
)
def test_dates(read: Callable[..., Post], written: str, date: datetime.datetime) -> None:
    """Dates and times as people and Jekyll write them; without an offset they are UTC."""
    found = read(matter(f"date: {written}")).date
    assert found == date
    assert found is not None
    assert found.utcoffset() == date.utcoffset()


def test_date_of_the_file_name(read: Callable[..., Post]) -> None:
    """The file name gives the date where the front matter does not, and only there."""
    assert read("", "2015-09-08-a.md").date == datetime.datetime(2015, 9, 8, tzinfo=UTC)
    assert read(matter("date: 2016-01-01"), "2015-09-08-a.md").date == datetime.datetime(2016, 1, 1, tzinfo=UTC)
    assert read("", "a.md").date is None


def test_front_matter(told: Callable[..., list[str]], fragment: list[str], messages: list[str]) -> None:
    """Each problem is told with the post's own lines, all of them at once."""
    assert told(matter(*fragment)) == messages


def test_front_matter_without_an_end(told: Callable[..., list[str]]) -> None:
    """A post whose front matter never ends."""
    remedy = "Write a second line '---' below it."
    assert told("---\ntitle: a\n") == [f"1:1: the front matter that begins here has no end. {remedy}"]


@pytest.mark.parametrize(
    ("name", "messages"),
    [
        ("2015-13-45-a.md", ["1:1: the file name begins with 2015-13-45, which is not a date. Rename the file."]),
        (
            "картина.md",
            [
                "1:1: the file name has no letters or digits that a URL could be made of. "
                "Add a line such as 'slug: neural-art' to the front matter."
            ],
        ),
    ],
)
def test_what_is_wrong_with_file_names(told: Callable[..., list[str]], name: str, messages: list[str]) -> None:
    """File names whose date or slug cannot be used."""
    assert told("", name) == messages


def test_post_that_is_not_text(tmp_path: Path) -> None:
    """A post that is no UTF-8 is told by its first wrong byte."""
    (tmp_path / "a.md").write_bytes(b"# A\n\xff\n")
    with pytest.raises(PostError) as caught:
        read_post(tmp_path / "a.md", tmp_path)
    assert str(caught.value) == "a.md:2:1: the file is not UTF-8 text. Save it again with the encoding UTF-8."


def test_post_outside_the_site(tmp_path: Path) -> None:
    """A post elsewhere is called by its whole path."""
    (tmp_path / "a.md").write_text("# A\n")
    assert read_post(tmp_path / "a.md", tmp_path / "site").file == (tmp_path / "a.md").as_posix()


def test_values_pass_through_yaml(read: Callable[..., Post]) -> None:
    """Front matter that is dumped again says the same, dates, nested keys and aliases among it."""
    text = matter("a: &a {2015: x}", "b: *a", "modified: 2015-09-08", "when: 2015-09-08 10:00:00", "n: 0x10", "t: '10'")
    front_matter = read(text).front_matter
    dumped = yaml.safe_dump(dict(front_matter), sort_keys=False)
    assert yaml.safe_load(dumped) == front_matter
    assert "&" not in dumped


def test_posts_of_a_site(load: Callable[[str], Site], folder: Path) -> None:
    """Patterns are followed in their order, matches sorted, each file read once."""
    for name in ("b.md", "a.md", "sub/c.md"):
        (folder / "posts" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "posts" / name).write_text(f"# {name}\n")
    (folder / "posts/folder.md").mkdir()
    site = load("version: 1\nimages: {}\npairs: []\nposts: [posts/sub/*.md, 'posts/**/*.md']\n")
    assert [post.file for post in site.posts] == ["posts/sub/c.md", "posts/a.md", "posts/b.md"]


def test_two_posts_for_one_page(load: Callable[[str], Site], folder: Path) -> None:
    """Two posts with the same day and slug would be written to the same file."""
    (folder / "2015-09-08-art.md").write_text("one\n")
    (folder / "other.md").write_text("---\ndate: 2015-09-08 10:00:00\nslug: Art\n---\n")
    (folder / "art.md").write_text("no date: another page\n")
    with pytest.raises(InputError) as caught:
        load("version: 1\nimages: {}\npairs: []\nposts: ['*.md']\n")
    assert str(caught.value) == (
        "other.md: the post has the same date and slug ('Art') as '2015-09-08-art.md'. Give one of them another slug."
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(alphabet="-\n: abtiledsugq#'\"[]{}&*!0123456789T+Z\t\r", max_size=80))
def test_any_post_is_read_or_refused(read: Callable[..., Post], text: str) -> None:
    """Whatever stands in a post, the only error is our own, with a place for each problem."""
    try:
        problems = read(f"---\n{text}").body and ()
    except PostError as error:
        problems = error.problems
    assert all(problem.location and problem.location.line for problem in problems)


@pytest.mark.parametrize(
    "text", ["# a" + " " * 20_000 + "b\n", "#" + " \t" * 20_000 + "#\n", matter(f'date: "2015{" " * 50_000}x"')]
)
def test_long_runs_of_spaces(tmp_path: Path, text: str) -> None:
    """Headings and dates are read in a time that grows with their length, not with its cube."""
    (tmp_path / "a.md").write_text(text)
    started = time.process_time()
    with contextlib.suppress(PostError):
        read_post(tmp_path / "a.md", tmp_path)
    assert time.process_time() - started < 2
