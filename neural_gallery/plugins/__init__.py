"""Finished pairs in other programs' sites: an extension of Python-Markdown, and plugins for MkDocs and Pelican."""
