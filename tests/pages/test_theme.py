"""A user's theme overrides the default one file by file, and its mistakes are told with file and line."""

from __future__ import annotations

import datetime
import os
import sys

import pytest

from neural_gallery.errors import ThemeError
from neural_gallery.pages.pages import Pages
from neural_gallery.pages.theme import Theme, default_theme


@pytest.fixture
def write(tmp_path):
    """Writes a file of the user's theme."""

    def write_file(path, text):
        file = tmp_path / "my-theme" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return write_file


@pytest.fixture
def themed(author, tmp_path):
    """A site of one post in the user's theme."""
    author.usual().post("Text.\n\n/// pair | me-the_scream\n    caption: Mine.\n///\n")
    return lambda target="html": author.site(target, theme=tmp_path / "my-theme")


def test_default_theme_is_where_templates_are():
    """The default theme is one folder with templates and static files."""
    assert (default_theme() / "templates/base.html").is_file()
    assert (default_theme() / "static/css/gallery.css").is_file()


def test_override_of_one_template(themed, write, publish):
    """A template of the user's replaces the one of that name, also where others include it."""
    write("templates/partials/recipe.html", "<p class='mine'>{{ pair.id }}</p>")
    page = publish(themed()).page()
    assert page.xpath("//figcaption/p[@class='mine']/text()") == ["me-the_scream"]
    assert page.xpath("//details") == []


def test_extending_the_default_template(themed, write, publish):
    """A template may extend the one it replaces and override one block; its own base is used underneath."""
    write(
        "templates/page.html",
        '{% extends "!default/page.html" %}{% block footer %}{{ super() }}<p>Hello</p>{% endblock %}',
    )
    write(
        "templates/base.html",
        '{% extends "!default/base.html" %}{% block head %}<meta name="a" content="b">{% endblock %}',
    )
    page = publish(themed()).page()
    assert page.xpath("//footer/p/text()") == ["Hello"]
    assert page.xpath("//footer/ul[@class='credits']")
    assert page.xpath("//meta[@name='a']/@content") == ["b"]


def test_static_files_are_overlaid(themed, write, publish):
    """The user's static files replace and join those of the default theme; hidden files stay behind."""
    write("static/css/gallery.css", "mine {}")
    write("static/css/more.css", "more {}")
    write("static/.DS_Store", "")
    files = publish(themed()).files
    assert files["static/css/gallery.css"] == "mine {}"
    assert files["static/css/more.css"] == "more {}"
    assert "static/js/gallery.js" in files
    assert "static/.DS_Store" not in files


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file systems take UTF-8 only")
def test_a_file_whose_name_is_not_utf8(write, tmp_path):
    """It is one of the theme's like any other, also where it is asked whether the theme has changed."""
    before = Theme(tmp_path / "my-theme", root=tmp_path).digest()
    write(f"static/{os.fsdecode(b'caf%c.css' % 0xE9)}", "")
    assert Theme(tmp_path / "my-theme", root=tmp_path).digest() != before


def test_static_files_that_jekyll_leaves_out(themed, write, problems_of):
    """A static file that Jekyll would silently skip is a problem for Jekyll only."""
    write("static/css/_partial.css", "")
    write("static/old.css~", "")
    assert problems_of(themed()) == []
    told = (
        "this file would not be published. "
        "Jekyll takes no name that begins with '.', '_', '#' or '~' or ends with '~': rename the file."
    )
    assert problems_of(themed("jekyll")) == [
        f"my-theme/static/css/_partial.css: {told}",
        f"my-theme/static/old.css~: {told}",
    ]


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("<p>\n{% if %}</p>", "my-theme/templates/page.html:2: Expected an expression, got 'end of statement block'."),
        ("\n\n{{ nothing }}", "my-theme/templates/page.html:3: 'nothing' is undefined."),
        ("\n{{ site.titel }}", "'neural_gallery.site.model.Site object' has no attribute 'titel'."),
        ("\n{% include 'partials/recipes.html' %}", "my-theme/templates/page.html:2: there is no template "),
        ("{% extends '!default/pages.html' %}", "my-theme/templates/page.html:1: there is no template "),
        ("{{ 1 / 0 }}", "my-theme/templates/page.html:1: the template failed: division by zero."),
        ("{{ title | nofilter }}", "my-theme/templates/page.html:1: No filter named 'nofilter'."),
    ],
)
def test_mistake_in_a_template(themed, write, gallery_of, template, told):
    """A mistake is told with the user's file and line."""
    write("templates/page.html", template)
    with pytest.raises(ThemeError) as caught:
        Pages(themed()).render(gallery_of(themed()))
    assert str(caught.value).startswith("my-theme/templates/page.html:")
    assert told in str(caught.value)


def test_missing_template_has_a_suggestion(tmp_path):
    """The nearest template's name is suggested."""
    with pytest.raises(ThemeError) as caught:
        Theme(None, root=tmp_path).render("pgae.html")
    assert str(caught.value) == "there is no template 'pgae.html'. Did you mean 'page.html'?"


def test_liquid_in_a_theme(themed, write, publish):
    """A theme for Jekyll writes Liquid with `liquid()`; braces that just stand in a template are text."""
    write("templates/jekyll/page.html", "{{ liquid('{{ site.title }}') }} {% raw %}{{ other }}{% endraw %}")
    assert publish(themed("jekyll")).body("_posts/2015-09-08-night.html") == "{{ site.title }} &#123;{ other }}"


def test_layouts_may_be_overridden(themed, write, publish):
    """The layouts of a Jekyll site come from the theme, too."""
    write("templates/jekyll/_layouts/post.html", "mine {{ content }}")
    assert publish(themed("jekyll")).files["_layouts/post.html"] == "mine {{ content }}"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "1 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (3661, "1 h 1 min"), ("long", "long")],
)
def test_duration(themed, write, tmp_path, seconds, told):
    """Durations are told in the two largest units that matter."""
    write("templates/duration.html", "{{ seconds | duration }}")
    assert Theme(tmp_path / "my-theme", root=tmp_path).render("duration.html", seconds=seconds) == told


@pytest.mark.parametrize(
    ("language", "told"), [("en", "8 September 2015"), ("en-GB", "8 September 2015"), ("fr", "2015-09-08")]
)
def test_day(write, tmp_path, language, told):
    """Dates are words in English, and ISO 8601 elsewhere."""
    write("templates/day.html", "{{ date | day(language) }}")
    date = datetime.datetime(2015, 9, 8, tzinfo=datetime.UTC)
    assert Theme(tmp_path / "my-theme", root=tmp_path).render("day.html", date=date, language=language) == told
