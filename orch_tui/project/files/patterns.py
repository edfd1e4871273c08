"""Files that a pattern finds, where a directory that does not answer is no directory without files.

``glob.glob`` passes over whatever it cannot list. A folder on a server that is away for a moment, or a process without
a free descriptor, would give fewer files, or none, and nobody would know.
"""

from __future__ import annotations

import errno
import fnmatch
import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_ANY_DEPTH = "**"
_NO_DIRECTORY = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
"""There is none, or none any more; links that lead in a circle are followed until the system has had enough."""
_Place = tuple[int, int]
_CLOSED = (errno.EACCES, errno.EPERM)


def find_paths(pattern: str, root: Path | str) -> list[str]:
    """What ``glob.glob`` finds below ``root``, recursively, in order of the names: relative to it unless the pattern
    is absolute. ``root`` is no pattern, whatever is in its name. Where a link leads back to a folder that it is in,
    ``**`` does not go around: each file is found once, not once for each of forty rounds.

    Directories that a pattern finds and that this user may not read are passed over, as the shell does.

    Raises:
        OSError: a directory cannot be listed now, or one that is named may not be.
    """
    found = _found(pattern, os.fspath(root), folders=False)
    return sorted(path for path in found if path)


def _found(pattern: str, root: str, *, folders: bool) -> Iterator[str]:
    """``folders``: nothing else is asked for."""
    above, name = os.path.split(pattern)
    if not glob.has_magic(pattern):
        whole = os.path.join(root, pattern)
        if os.path.lexists(whole) if name else os.path.isdir(whole):
            yield pattern
        return
    named = not above or not glob.has_magic(above) or above == pattern
    places: Iterable[str] = [above] if named else _found(above, root, folders=True)
    for place in places:
        directory = os.path.join(root, place)
        for entry in _inside(directory, name, named=named, folders=folders):
            yield os.path.join(place, entry)


def _inside(directory: str, name: str, *, named: bool, folders: bool) -> Iterator[str]:
    if name == _ANY_DEPTH:
        yield ""
        yield from _below(directory, named=named, folders=folders)
    elif not glob.has_magic(name):
        whole = os.path.join(directory, name)
        if os.path.lexists(whole) if name else os.path.isdir(directory):
            yield name
    else:
        names = _listed(directory, named=named, folders=folders)
        if not name.startswith("."):
            names = [one for one in names if not one.startswith(".")]
        yield from fnmatch.filter(names, name)


def _below(directory: str, *, named: bool, folders: bool, within: tuple[_Place, ...] = ()) -> Iterator[str]:
    """``within`` are the folders that it is in, from where it began: a link back to one of them has nothing new."""
    place = _place(directory)
    inside = within if place is None else (*within, place)
    for name in _listed(directory, named=named, folders=folders):
        if not name.startswith("."):
            whole = os.path.join(directory, name)
            leads_back = _place(whole) in inside
            if not (leads_back and folders):
                yield name
            if not leads_back:
                for below in _below(whole, named=False, folders=folders, within=inside):
                    yield os.path.join(name, below)


def _place(directory: str) -> _Place | None:
    """What a folder is, under whatever name; None where that cannot be told."""
    try:
        status = os.stat(directory)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _listed(directory: str, *, named: bool, folders: bool) -> list[str]:
    """``named``: it was not found by a pattern. Raises: OSError."""
    passed_over = _NO_DIRECTORY if named else (*_NO_DIRECTORY, *_CLOSED)
    try:
        with os.scandir(directory) as entries:
            return [entry.name for entry in entries if not folders or _is_folder(entry)]
    except OSError as error:
        if error.errno in passed_over:
            return []
        raise


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Raises: OSError."""
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno in (*_NO_DIRECTORY, *_CLOSED):
            return False
        raise
