"""The commands: the only code that prints, exits or reads the environment."""

from neural_gallery.cli.main import main

__all__ = ["main"]
