"""neural-gallery: a static-site gallery builder that paints.

The package has five rooms and a corridor; `docs/architecture.md` is their map. Nothing here imports JAX: only the
studio does, and only when something is painted.
"""

__version__ = "0.1.0"

ENGINE_VERSION = 3
"""Part of every painting's key. Raise it when the studio would paint other pixels from the same inputs."""
