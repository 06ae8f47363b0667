"""Names of folders that more than one room knows."""

from __future__ import annotations

STORE_FOLDER = ".neural-gallery"
"""The store's folder in the folder of the site: the program's own, where nothing may lie that is published."""
