"""A place that machines share, by a URL that fsspec understands: a folder, S3, Google Cloud Storage, and so on.

The only module that knows fsspec (the extra `remote`), which loads the package for each kind of place itself and reads
credentials where that package looks for them. Whatever goes wrong there is told as RemoteError; what it says has no
credentials in it.

An object is there whole or not at all. Object stores do that themselves. Elsewhere (a folder, SFTP) it is written under
a temporary name and then renamed; in a folder it has reached the disk by then. What killed runs left under temporary
names is swept when it is old.
"""

from __future__ import annotations

import contextlib
import datetime
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from neural_gallery.errors import Problem, RemoteError, UsageError, did_you_mean
from neural_gallery.store.files import write_file
from neural_gallery.temporaries import is_temporary, temporary_beside

_AT_ONCE = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "oci", "tos", "hf", "memory"}
"""Protocols of places where an object that is being written is not seen before it is whole."""

_LEFTOVER_AGE = 24 * 3600  # seconds: clocks of machines differ, and slow connections take hours
_SHELF = re.compile(r"(^|/)(paintings|unfinished)/[0-9a-f]{2}$")
_SECRET = re.compile(r"key|secret|token|pass|credential|sas|connection_string|sign", re.IGNORECASE)
_USERINFO = re.compile(r"://[^/@\s]*@")
_QUERY = re.compile(r"\?[^\s]*")
_AGAIN = "Everything that has arrived is kept: run the same command again to go on."
_NO_FSSPEC = "Run `pip install --upgrade 'neural-gallery[remote]'`, or `'neural-gallery[s3]'` for S3."
_EXTRAS = {"s3": "s3", "s3a": "s3"}


class Remote:
    """The place at `url`. Paths are POSIX and relative to it. Every method raises RemoteError.

    The constructor raises UsageError where the URL or an option is none, RemoteError where a package is missing.
    """

    def __init__(self, url: str, options: Mapping[str, object] | None = None) -> None:
        if not url.partition("://")[2 if "://" in url else 0].strip():
            raise UsageError(Problem(None, f"'{url}' is no place.", "Give a folder, or a URL like s3://bucket/folder."))
        self._hidden = _secrets(url, options or {})
        self.url = without_credentials(url)
        fsspec = _fsspec()
        protocol = url.partition("://")[0].split("::")[-1] if "://" in url else "file"
        try:
            self._files, root = fsspec.core.url_to_fs(
                url, **{"skip_instance_cache": True, "use_listings_cache": False, **(options or {})}
            )
        except ImportError as error:
            raise RemoteError(self._not_installed(protocol, error)) from error
        except (ValueError, TypeError) as error:
            known = did_you_mean(protocol, fsspec.available_protocols())
            remedy = known or "Give a folder, or a URL like s3://bucket/folder."
            raise UsageError(Problem(None, f"{self.url}: {self._told(error)}.", remedy)) from error
        except Exception as error:  # a package of somebody else's, which may raise anything
            raise self._failed("cannot use", error) from error
        self._root = str(root).rstrip("/")
        self._at_once = bool(_AT_ONCE & set(_protocols(self._files)))
        self._local = isinstance(self._files, fsspec.implementations.local.LocalFileSystem)
        self._leftovers: list[str] = []  # seen by the last listing of each shelf

    def sizes(self, shelf: str) -> dict[str, int]:
        """Everything below the folder `shelf`, in one listing: path and bytes. Nothing where it does not exist."""
        with self._telling("cannot list"):
            self._files.invalidate_cache()
            found = self._found(self._place(shelf))
        if not self._at_once:
            self._leftovers += [path for path, about in found.items() if _is_leftover(path, about)]
        start = len(self._root) + 1 if self._root else 0
        return {path[start:]: int(about.get("size") or 0) for path, about in found.items()}

    def _found(self, folder: str) -> dict[str, dict[str, Any]]:
        """Every file below a folder, with what is known about it."""
        if self._at_once:
            with contextlib.suppress(FileNotFoundError):
                return self._files.find(folder, detail=True)
            return {}
        # `find` passes over folders that cannot be looked into, and so finds nothing where nothing can be reached.
        # Objects lie one folder deep.
        found = self._listed(folder)
        for inner in [path for path, about in found.items() if about["type"] == "directory"]:
            found |= self._listed(inner)
        return {path: about for path, about in found.items() if about["type"] != "directory"}

    def _listed(self, folder: str) -> dict[str, dict[str, Any]]:
        """What lies in a folder; nothing where there is none, or none any more."""
        with contextlib.suppress(FileNotFoundError):
            return {about["name"].rstrip("/"): about for about in self._files.ls(folder, detail=True)}
        return {}

    def read(self, path: str, size: int) -> bytes | None:
        """An object that the listing said has `size` bytes, and one byte more if there are more; None where it is gone.

        No more than that is taken, whatever has become of it meanwhile.
        """
        with self._telling("cannot read from"):
            try:
                return self._files.cat_file(self._place(path), start=0, end=size + 1)
            except FileNotFoundError:
                return None

    def write(self, path: str, data: bytes) -> None:
        """Put an object there, replacing one of that name."""
        with self._telling("cannot write to"):
            if self._at_once:
                self._files.pipe_file(self._place(path), data)
                return
            place = self._place(path)
            if self._local:
                write_file(Path(place), data)
                return
            folder = place.rpartition("/")[0]
            temporary = f"{folder}/{temporary_beside(Path(place)).name}"
            self._files.makedirs(folder, exist_ok=True)
            try:
                self._files.pipe_file(temporary, data)
                self._files.mv(temporary, place)
            except BaseException:
                with contextlib.suppress(Exception):
                    self._files.rm_file(temporary)
                raise

    def sweep(self) -> None:
        """Remove what killed runs left behind, as far as listings since the last time have shown it, and it may be."""
        leftovers, self._leftovers = self._leftovers, []
        for path in leftovers:
            with contextlib.suppress(Exception):  # gone already, or not ours to remove: nobody needs to know
                self._files.rm_file(path)

    def remove(self, paths: Sequence[str]) -> None:
        """Remove objects, all at once where the place can; that one is gone already is no failure."""
        with self._telling("cannot remove from"), contextlib.suppress(FileNotFoundError):
            self._files.rm([self._place(path) for path in paths])

    def _place(self, path: str) -> str:
        return f"{self._root}/{path}" if self._root else path

    @contextlib.contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        try:
            yield
        except ImportError as error:
            raise RemoteError(self._not_installed(_protocols(self._files)[0], error)) from error
        except Exception as error:  # a package of somebody else's, which may raise anything
            raise self._failed(what, error) from error

    def _failed(self, what: str, error: Exception) -> RemoteError:
        if isinstance(error, PermissionError):
            remedy = "Give these credentials the right to list, read and write there, then run it again."
        elif isinstance(error, FileNotFoundError):
            remedy = "Make it, or mend the URL."
        else:
            remedy = f"See that it can be reached, and that the credentials are its. {_AGAIN}"
        return RemoteError(Problem(None, f"{what} {self.url}: {self._told(error)}.", remedy))

    def _told(self, error: Exception) -> str:
        """What a foreign error says, in one line, without what is nobody's business."""
        told = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        for secret in self._hidden:
            told = told.replace(secret, "…")
        return without_credentials(told)[:400]

    def _not_installed(self, protocol: str, error: ImportError) -> Problem:
        extra = _EXTRAS.get(protocol)
        remedy = f"Run `pip install --upgrade 'neural-gallery[{extra}]'`." if extra else "Install it with pip."
        return Problem(None, f"{self.url} needs a package that is not installed: {self._told(error)}.", remedy)


def without_credentials(text: str) -> str:
    """A URL, or words with URLs in them, without user, password and query."""
    text = _USERINFO.sub("://", text)
    return _QUERY.sub("", text) if "://" in text else text


def _is_leftover(path: str, about: Mapping[str, Any]) -> bool:
    """Whether that is a temporary of ours, beside objects, that no living run can still be writing."""
    folder, _, name = path.rpartition("/")
    since = about.get("mtime")
    if isinstance(since, datetime.datetime):
        since = since.timestamp()
    return (
        is_temporary(name)
        and _SHELF.search(folder) is not None
        and about.get("type") == "file"
        and not about.get("islink")
        and isinstance(since, int | float)
        and since < time.time() - _LEFTOVER_AGE
    )


def _fsspec() -> Any:
    try:
        import fsspec
        import fsspec.core
        import fsspec.implementations.local
    except ImportError as error:
        raise RemoteError(
            Problem(None, "exchanging paintings needs fsspec, which is not installed.", _NO_FSSPEC)
        ) from error
    return fsspec


def _protocols(files: Any) -> tuple[str, ...]:
    protocol = files.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def _secrets(url: str, options: Mapping[str, object]) -> list[str]:
    """What must not be told: the password in a URL, and options that are named like secrets; the longest first."""
    found = [str(value) for name, value in options.items() if _SECRET.search(name) and len(str(value)) > 3]
    if userinfo := _USERINFO.search(url):
        found += [part for part in userinfo[0][3:-1].split(":")[1:] if part]
    return sorted(found, key=len, reverse=True)
