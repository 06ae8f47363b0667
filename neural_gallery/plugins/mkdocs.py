"""The plugin `neural_gallery` of MkDocs: adds the Markdown extension, and the files that figures name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.config import config_options
from mkdocs.config.base import Config
from mkdocs.config.config_options import ExtraScriptValue
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from neural_gallery.errors import NeuralGalleryError
from neural_gallery.pages.targets import SCRIPT, STYLESHEET, HtmlTarget
from neural_gallery.plugins.markdown import FiguresExtension, Text


class GalleryConfig(Config):
    """The plugin's options in `mkdocs.yml`."""

    manifest = config_options.Type(str, default="site.yaml")
    """Relative to `mkdocs.yml`."""


class GalleryPlugin(BasePlugin[GalleryConfig]):
    """Places finished pairs on the pages of a MkDocs site. Links are relative, as all that MkDocs writes."""

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Add the extension, and link the stylesheet and the script on every page."""
        manifest = Path(config.config_file_path or "").parent / self.config.manifest
        self._extension = FiguresExtension(links=HtmlTarget(), manifest=str(manifest), assets=False)
        extensions: list[Any] = config.markdown_extensions  # MkDocs hands on what stands here, names or not
        extensions.append(self._extension)
        config.watch.append(str(manifest))
        config.extra_css.append(STYLESHEET)
        script: Any = ExtraScriptValue(SCRIPT)  # its types are not those of what it makes
        script.defer = True
        config.extra_javascript.append(script)
        return config

    def on_page_markdown(self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> None:
        """Tell the extension which page comes next."""
        whole = page.file.content_string
        # MkDocs has taken the front matter off; another plugin may have changed the text besides.
        first_line = whole.removesuffix(markdown).count("\n") + 1 if whole.endswith(markdown) else 1
        self._extension.begin(Text(page.file.src_uri, first_line, page.file.dest_uri))

    def on_env(self, env: Any, *, config: MkDocsConfig, files: Files) -> None:
        """All pages are read: add the files that their figures name. Raises PluginError where one is there already."""
        for path, content in self._extension.finished.files().items():
            if files.get_file_from_path(path) is not None:
                raise PluginError(f"docs has a file '{path}' already: rename it, or set another images_path.")
            data = content if isinstance(content, bytes) else content.read()
            files.append(File.generated(config, path, content=data))

    def on_build_error(self, *, error: Exception, **_: object) -> None:
        """Tell what is wrong without a traceback."""
        if isinstance(error, NeuralGalleryError):
            raise PluginError(str(error)) from error
