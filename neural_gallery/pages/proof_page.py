"""A sheet of proofs as one HTML file, which needs nothing beside it: pictures and style sheet are in it."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

from neural_gallery.pages.theme import Theme
from neural_gallery.pages.views import Sheet

if TYPE_CHECKING:
    from PIL.Image import Image


def proof_page(theme: Theme, sheet: Sheet) -> str:
    """The page. Raises ThemeError."""
    return theme.render("proof.html", sheet=sheet, picture=_data_url)


def _data_url(image: Image) -> str:
    file = io.BytesIO()
    image.save(file, "WEBP", quality=88, method=4, use_sharp_yuv=True)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
