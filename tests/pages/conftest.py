"""Sites made by hand, their pages rendered and looked at, and real Jekyll and Hugo to judge what is meant for them."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import lxml.html
import pytest
import yaml
from PIL import Image

from neural_gallery.errors import Location
from neural_gallery.pages.pages import Pages
from neural_gallery.pages.views import Gallery, ImageFile, RenderedFile
from neural_gallery.site.model import (
    AnimationSettings,
    Colors,
    Defaults,
    Init,
    PaintSettings,
    Pair,
    Picture,
    Post,
    Quality,
    Show,
    Site,
    StillSettings,
    Target,
    WeightedStyle,
)

from ..support import hugo
from ..support.galleries import gallery_of
from ..support.jekyll import build_strictly
from ..support.links import parsed


@dataclass
class Author:
    """Writes a site: pictures, pairs and posts, with usual values for whatever a test does not care about."""

    root: Path
    images: dict[str, Picture] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)

    def picture(self, name: str, width: int = 1200, height: int = 800, **values: object) -> Picture:
        """Declare a picture."""
        picture = Picture(
            name=name,
            path=self.root / f"content/images/{name}.jpg",
            file=f"content/images/{name}.jpg",
            sha256="0" * 64,
            crop=None,
            width=width,
            height=height,
            has_alpha=False,
            alt=f"{name} seen",
            title="",
            credit="",
            license="",
            source="",
            location=Location("site.yaml", 5 + len(self.images), 3),
        )
        self.images[name] = replace(picture, **values)
        return self.images[name]

    def pair(self, content: Picture, *styles: Picture, size: int = 400, **values: object) -> Pair:
        """Declare a pair; several styles have equal shares."""
        pair = Pair(
            id=f"{content.name}-{'-'.join(style.name for style in styles)}",
            content=content,
            styles=tuple(WeightedStyle(style, 1 / len(styles)) for style in styles),
            paint=PaintSettings(size, Quality.BALANCED, 0.5, Colors.STYLE, Init.CONTENT, 1.0, 7),
            animation=AnimationSettings(5, 24, ("gif", "webp")),
            stills=StillSettings(("avif", "webp", "png"), (400, 800)),
            show=Show.CONTENT,
            alt=f"{content.alt} in the style of {styles[0].alt}",
            caption="",
            location=Location("site.yaml", 20 + len(self.pairs), 5),
        )
        self.pairs.append(replace(pair, **values))
        return self.pairs[-1]

    def post(self, body: str, *, name: str = "night", body_line: int = 1, **values: object) -> Post:
        """Write a post, dated the 8th of September 2015."""
        post = Post(
            path=self.root / f"content/posts/{name}.md",
            file=f"content/posts/{name}.md",
            front_matter={"title": "Night studies"},
            body=body,
            body_line=body_line,
            title="Night studies",
            date=datetime.datetime(2015, 9, 8, tzinfo=datetime.UTC),
            slug=name,
            liquid=False,
        )
        self.posts.append(replace(post, **values))
        return self.posts[-1]

    def site(self, target: str = "html", **values: object) -> Site:
        """The whole site."""
        site = Site(
            root=self.root,
            manifest=self.root / "site.yaml",
            title="Gallery",
            description="",
            author="",
            language="en",
            target=Target(target),
            output=self.root / "public",
            base_url="",
            images_path="static/img",
            theme=None,
            images=self.images,
            pairs=tuple(self.pairs),
            posts=tuple(self.posts),
            defaults=Defaults(PaintSettings(400, Quality.BALANCED, 0.5, Colors.STYLE, Init.CONTENT, 1.0, 0)),
        )
        return replace(site, **values)

    def usual(self) -> Author:
        """Declare two contents and two styles, and three pairs of them."""
        tardis, me = self.picture("tardis", 1600, 1000), self.picture("me", 512, 329)
        starry_night = self.picture(
            "starry_night", 900, 700, title="Starry Night", credit="Vincent van Gogh", license="public domain"
        )
        scream = self.picture("the_scream", 720, 1000, credit="Edvard Munch", source="https://example.org/?a=1&b=2")
        self.pair(tardis, starry_night)
        self.pair(me, starry_night)
        self.pair(me, scream)
        return self


@dataclass(frozen=True)
class Published:
    """Rendered files by path."""

    files: dict[str, str]

    def page(self, path: str = "index.html") -> lxml.html.HtmlElement:
        """A page, parsed."""
        return parsed(self.files[path])

    def body(self, path: str) -> str:
        """What stands under the front matter of a Jekyll page."""
        return self.files[path].split("---\n", 2)[2]

    def front_matter(self, path: str) -> dict[str, object]:
        """The front matter of a Jekyll page."""
        assert self.files[path].startswith("---\n")
        return yaml.safe_load(self.files[path].split("---\n", 2)[1])


@pytest.fixture
def author(tmp_path: Path) -> Author:
    """An author with an empty folder."""
    return Author(tmp_path)


@pytest.fixture(name="gallery_of")
def views_of_a_site() -> Callable[[Site], Gallery]:
    """Views of all pictures and pairs of a site, as the corridor would hand them over."""
    return gallery_of


@pytest.fixture
def publish() -> Callable[..., Published]:
    """Renders a site's pages."""

    def render(site: Site, *, existing_site: bool = False) -> Published:
        files = Pages(site).render(gallery_of(site), existing_site=existing_site)
        return Published({file.path: file.data.decode() for file in files})

    return render


@pytest.fixture
def problems_of() -> Callable[[Site], list[str]]:
    """What `check` finds, as it is told."""
    return lambda site: [str(problem) for problem in Pages(site).check()]


@dataclass(frozen=True)
class Jekyll:
    """Builds what was rendered with real Jekyll, and looks at the outcome."""

    folder: Path

    def write(self, site: Site, *, existing_site: bool = False) -> None:
        """Write pages, and pictures at every path that the gallery names."""
        _write(self.folder, site, existing_site=existing_site)

    def build(self, base_url: str = "", *, expecting: str = "") -> Path:
        """Build as strictly as Jekyll can. Fails on any warning but the one expected, and on any broken link."""
        return build_strictly(self.folder, self.folder.parent, base_url, expecting=expecting)


@dataclass(frozen=True)
class Hugo:
    """Adds what was rendered to a site, builds it with real Hugo, and looks at the outcome."""

    folder: Path

    def write(self, site: Site) -> None:
        """Write pages, and pictures at every path that the gallery names."""
        _write(self.folder, site, existing_site=True)

    def build(self, base_url: str = "https://example.org/") -> Path:
        """Build. Fails on any warning, and on any broken link."""
        return hugo.build_strictly(self.folder, self.folder.parent, base_url)


@pytest.fixture(name="hugo")
def hugo_site(tmp_path: Path) -> Hugo:
    """A folder with somebody's site that Hugo builds."""
    folder = tmp_path / "hugo" / "source"
    hugo.write_site(folder)
    return Hugo(folder)


@pytest.fixture
def jekyll(tmp_path: Path) -> Jekyll:
    """A folder that Jekyll builds."""
    folder = tmp_path / "jekyll" / "source"
    folder.mkdir(parents=True)
    return Jekyll(folder)


def _write(folder: Path, site: Site, *, existing_site: bool) -> None:
    gallery = gallery_of(site)
    files = Pages(site).render(gallery, existing_site=existing_site)
    for file in [*files, *(RenderedFile(image.path, _tiny(image.type)) for image in _images(gallery))]:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)


def _images(gallery: Gallery) -> list[ImageFile]:
    stills = [view.still for view in gallery.pictures.values()] + [view.result for view in gallery.pairs.values()]
    files = [file for still in stills for file in (still.fallback, *still.sources)]
    return files + [file for view in gallery.pairs.values() for file in (view.animation, *view.lighter)]


@cache
def _tiny(type_: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (2, 2)).save(data, format=type_.rpartition("/")[2])
    return data.getvalue()
