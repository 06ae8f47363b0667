"""A small site in the markup of the default theme, written without the program.

The pictures are blends of the example pictures, so that a screenshot shows something worth judging.
"""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

ANIMATIONS = {
    "data-alt": "gif",
    "data-mp4": "mp4",
    "data-webp": "webp",
}  # the attributes of a result, and the suffix of what they name
ROOT = Path(__file__).parents[3]
# (id, content, style): landscape by landscape, landscape by portrait, square by landscape.
PAIRS = [
    ("rocket-great-wave", "rocket", "great-wave"),
    ("chelsea-mona-lisa", "chelsea", "mona-lisa"),
    ("astronaut-poppies", "astronaut", "poppies"),
]


def still(name: str) -> Image:
    """An example picture, its longest side 400 pixels."""
    from PIL import Image, ImageOps

    with Image.open(ROOT / "content" / "images" / f"{name}.jpg") as opened:
        return ImageOps.contain(opened.convert("RGB"), (400, 400))


def write_still(image: Image, folder: Path, name: str) -> None:
    """A still as published: the PNG that `src` names, and WebP in two widths."""
    image.save(folder / f"{name}.png")
    image.save(folder / f"{name}-400w.webp", quality=80, method=0)
    image.resize((image.width * 2, image.height * 2)).save(folder / f"{name}-800w.webp", quality=80, method=0)


def write_animation(frames: list[Image], folder: Path, name: str, durations: list[int]) -> None:
    """An animation as published: a GIF and the lighter WebP. `durations` are milliseconds, one a frame."""
    first, *rest = frames
    for suffix in ("gif", "webp"):
        path = folder / f"{name}-5fps.{suffix}"
        first.save(path, save_all=True, append_images=rest, duration=durations, loop=0)


def write_video(frames: list[Image], folder: Path, name: str) -> None:
    """An animation as MP4, a frame a second."""
    import numpy as np

    from neural_gallery.store.video import encode_mp4

    (folder / f"{name}-5fps.mp4").write_bytes(encode_mp4([np.asarray(frame) for frame in frames], fps=1))


def write_pictures(folder: Path) -> None:
    """All pictures of the site. `colours` is a blue still; its animation is red for 2.5 s, then green for a minute."""
    from PIL import Image, ImageOps

    folder.mkdir(parents=True)
    for pair_id, content_name, style_name in PAIRS:
        content, style = still(content_name), still(style_name)
        frames = [Image.blend(content, ImageOps.fit(style, content.size), share / 10) for share in (2, 4, 6)]
        write_still(content, folder, content_name)
        write_still(style, folder, style_name)
        write_still(frames[-1], folder, pair_id)
        write_animation(frames, folder, pair_id, [200, 200, 200])
    red, green, blue = (Image.new("RGB", (400, 250), colour) for colour in ("#ff0000", "#00ff00", "#0000ff"))
    write_still(blue, folder, "colours")
    write_animation([red, green], folder, "colours", [2500, 60_000])
    write_video([red] * 3 + [green] * 3, folder, "colours")


def picture(name: str, alt: str, folder: Path, *, attributes: str = 'class="source"') -> str:
    """A `<picture>` as the theme writes it; `attributes` are further attributes of its `<img>`."""
    from PIL import Image

    with Image.open(folder / "img" / f"{name}.png") as opened:
        width, height = opened.size
    sources = f"img/{name}-400w.webp 400w, img/{name}-800w.webp 800w"
    return (
        f'<picture><source type="image/webp" srcset="{sources}" sizes="(min-width: 900px) {width}px, 100vw">'
        f'<img {attributes} src="img/{name}.png" width="{width}" height="{height}" alt="{html.escape(alt)}"'
        ' loading="lazy" decoding="async"></picture>'
    )


def pair(pair_id: str, left: str, folder: Path, *, formats: tuple[str, ...] = ("gif", "webp")) -> str:
    """A `figure.pair` as the theme writes it, its result naming animations of these formats."""
    names = [f' {name}="img/{pair_id}-5fps.{suffix}"' for name, suffix in ANIMATIONS.items() if suffix in formats]
    alt = pair_id.replace("-", " ").title() + ", painted"
    return f"""
<figure class="pair" id="{pair_id}">
<div class="pair-pictures">
{picture(left, left.replace("-", " ").title(), folder)}
<a class="swap" href="img/{pair_id}-5fps.gif">
{picture(pair_id, alt, folder, attributes='class="result"' + "".join(names))}</a>
</div>
<figcaption>
<p class="caption">The palette and the strokes come from the <em>painting</em>.</p>
<details class="recipe">
<summary>How it was made</summary>
<dl>
<dt>Content</dt><dd><a href="https://example.org/">{left}</a>, NASA, public domain</dd>
<dt>Style</dt><dd>The Great Wave off Kanagawa, Katsushika Hokusai, public domain</dd>
<dt>Strength</dt><dd>50 %</dd>
<dt>Size</dt><dd>400 × 267 pixels</dd>
<dt>Time</dt><dd>1 min 12 s</dd>
<dt>Objective</dt><dd><svg class="curve" viewBox="0 0 320 80" width="320" height="80" role="img" aria-label="The
objective over 84 steps"><polyline points="4,4 120,60 160,66"/><polyline points="164,30 316,76"/></svg></dd>
</dl>
<p class="repeat">The same once more, as an entry under <code>pairs</code>:</p>
<pre class="lines" tabindex="0"><code>- content: {left}
  style: {{the-great-wave-off-kanagawa: 2, a-print-with-a-name-that-no-phone-shows-in-one-line: 1}}
  strength: 0.5
</code></pre>
</details>
</figcaption>
</figure>
"""


PROSE = """
<p>Each of these was painted from a photograph and a painting. <a href="#more">Click a result</a> to see how the
brush got there, and click again for the still. The original pictures are in the public domain.</p>
<h2 id="more">How they differ</h2>
<p>A middle strength keeps the drawing of the photograph and takes the palette and the strokes of the painting. With
<code>strength: 0.8</code> the drawing begins to dissolve.</p>
<ul><li>The sky takes the long strokes first.</li><li>Edges come last, and smallest.</li></ul>
<blockquote><p>The wave rises, and the rocket with it.</p></blockquote>
<pre><code>pairs:
  - {content: rocket, style: great-wave, strength: 0.6, caption: A line that is too long for a phone}
</code></pre>
<table><thead><tr><th>Setting</th><th>Means</th></tr></thead><tbody>
<tr><td>strength</td><td>how much of the style</td></tr><tr><td>size</td><td>the longest side</td></tr></tbody></table>
<h3>Smaller things</h3>
<ol><li>One.</li><li>Two.</li></ol>
<hr>
<h4>Smaller still</h4>
"""

FOOTER = """
<footer class="site-footer">
<ul class="credits"><li><a href="https://example.org/">The Great Wave off Kanagawa</a>, Katsushika Hokusai, public
domain</li><li>Rocket, NASA, public domain</li></ul>
</footer>
"""


def post(body: str) -> str:
    """An article, headed as the theme heads it."""
    return f"""
<article class="post">
<header>
<h1>A rocket in the style of the Great Wave</h1>
<p class="post-meta"><time datetime="2025-03-09T12:00:00+01:00">9 March 2025</time></p>
</header>
{body}
</article>
"""


def card(title: str, cover: str) -> str:
    """A post in a list of posts."""
    return f"""
<li>
<a class="cover" href="post.html" tabindex="-1" aria-hidden="true">{cover}</a>
<h2><a href="post.html">{title}</a></h2>
<p class="post-meta"><time datetime="2025-03-09T12:00:00+01:00">9 March 2025</time></p>
<p>Three photographs, three paintings, and what became of them.</p>
</li>
"""


def thumbnail(name: str, folder: Path) -> str:
    """A result 150 pixels high."""

    def smaller(size: re.Match[str]) -> str:
        width, height = map(int, size.groups())
        return f'width="{round(150 * width / height)}" height="150"'

    return re.sub(r'width="(\d+)" height="(\d+)"', smaller, picture(name, "Painted", folder))


def sheet(folder: Path) -> str:
    """All results on one page, as the theme lays them out."""
    sections = []
    for style, pairs in (("The Great Wave off Kanagawa, c. 1831", PAIRS[:1]), ("A Lady", PAIRS[1:])):
        prints = "".join(f'<li><a href="post.html#{name}">{thumbnail(name, folder)}</a></li>' for name, *_ in pairs)
        title = f'<h2><a href="gallery.html">{style}</a></h2>'
        sections.append(f'<section class="sheet">{title}<ul>{prints}</ul></section>')
    contents = '<h2>By original</h2><ul><li><a href="gallery.html">A rocket</a></li></ul>'
    return (
        f'<h1>All pictures</h1><div class="sheets">{"".join(sections)}</div>'
        f'<nav class="contents" aria-label="By original">{contents}</nav>'
    )


PARTS = """
<nav class="gallery-parts" aria-label="Pages"><ul>
<li class="previous"><a rel="prev" href="index.html"><span>Previous</span></a></li>
<li><a href="index.html" aria-label="Page 1">1</a></li>
<li class="gap" aria-hidden="true">…</li>
<li><a href="index.html" aria-label="Page 97">97</a></li>
<li><a href="index.html" aria-label="Page 98">98</a></li>
<li><a href="gallery.html" aria-label="Page 99" aria-current="page">99</a></li>
<li><a href="post.html" aria-label="Page 100">100</a></li>
<li><a href="post.html" aria-label="Page 101">101</a></li>
<li class="gap" aria-hidden="true">…</li>
<li><a href="post.html" aria-label="Page 128">128</a></li>
<li class="next"><a rel="next" href="post.html"><span>Next</span></a></li>
</ul></nav>
"""


def document(main: str, *, body: str = ' class="page"', script: str = "") -> str:
    """A whole page. `body` and `script` are further attributes of those two tags."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Night studies</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="css/gallery.css">
<script defer src="js/gallery.js"{script}></script>
</head>
<body{body}>
<header class="site-header">
<p class="site-title"><a href="index.html">Night studies</a></p>
</header>
<main>
{main}
</main>
{FOOTER}
</body>
</html>
"""


def write_pages(folder: Path) -> None:
    """The pages: a post, a gallery, an index, a post in a theme of somebody else, and some for one test each."""
    figures = [pair(pair_id, content, folder) for pair_id, content, _ in PAIRS]
    portrait = pair("chelsea-mona-lisa", "mona-lisa", folder)
    wave = picture("great-wave", "The Great Wave", folder)
    lone = f'<figure class="picture">{wave}<figcaption><p class="caption">A wave.</p></figcaption></figure>'
    covers = [
        card("A rocket", picture("rocket-great-wave", "", folder)),
        card("A lady", picture("mona-lisa", "", folder)),
    ]
    unanimated = pair("colours", "colours", folder, formats=())
    pages = {
        "post": document(post(f"{PROSE}{figures[0]}<p>Between two pairs.</p>{portrait}{lone}{figures[2]}")),
        "gallery": document(post(f'<div class="gallery">{"".join(figures)}</div>{PARTS}')),
        "index": document(f'<h1>Night studies</h1><p>Pictures.</p><ul class="post-list">{"".join(covers)}</ul>'),
        "sheet": document(sheet(folder)),
        "foreign": document(
            f"<div><h2>Title</h2><p>Prose.</p>{figures[0]}{lone}</div>{PARTS}",
            body=' style="color: #111; background: #fff"',
        ),
        "colours": document(post(pair("colours", "colours", folder))),
        "video": document(post(pair("colours", "colours", folder, formats=("gif", "mp4", "webp")))),
        "plain": document(post(unanimated + pair("rocket-great-wave", "rocket", folder, formats=("gif",)))),
        "translated": document(post(figures[0]), script=' data-play="So wurde es gemalt" data-failed="Nicht gefunden"'),
    }
    pages["tiny"] = re.sub(r'width="\d+" height="\d+"', 'width="90" height="60"', pages["translated"])
    pages["noscript"] = pages["translated"].replace("<script", '<script type="none"')
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")


def write_site(folder: Path) -> None:
    """The whole site: pictures, pages, and the default theme's own stylesheet and script."""
    write_pictures(folder / "img")
    shutil.copytree(ROOT / "static", folder, dirs_exist_ok=True)
    write_pages(folder)
