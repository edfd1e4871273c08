"""A program that finds its folder at ``/data``, in a mount namespace of its own: ``namespace FOLDER -- program …``.

Nobody else sees that mount, and it needs no right that an ordinary user does not have, where the system lets users make
namespaces (https://man7.org/linux/man-pages/man7/user_namespaces.7.html). The program stays the user that it was.
Where ``/data`` is not there, it gets a root directory of its own that shows everything of the real one beside it.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path

PLACE = "/data"
_NEWNS, _NEWUSER = 0x00020000, 0x10000000
_NOSUID, _NODEV, _BIND, _RECURSIVE, _PRIVATE = 2, 4, 4096, 16384, 1 << 18
_CORNERS = ("/mnt", "/media", "/srv", "/opt")
"""Where a new root is put together, if nothing is there."""
_NOT_FOUND = 127
_CANNOT = 125
"""The exit code for a namespace that was refused; docker's for a container that could not be made."""


def main(arguments: Sequence[str]) -> int:
    """Run the program in place of this process; an exit code where that could not be."""
    folder, separator, *argv = arguments
    if separator != "--" or not argv:
        print("usage: namespace FOLDER -- program…", file=sys.stderr)  # noqa: T201
        return _CANNOT
    if any(f"{os.path.realpath(path)}/".startswith(f"{PLACE}/") for path in (folder, os.getcwd(), argv[0])):
        print(  # noqa: T201
            'data_folder = "/data" cannot be done here: the project, or the program, lies below /data itself, '
            "and would not "
            "be seen; let the program take its folder from KBC_DATADIR",
            file=sys.stderr,
        )
        return _CANNOT
    try:
        _enter(Path(folder))
    except OSError as error:
        print(  # noqa: T201
            f'data_folder = "/data" cannot be done here: this system refuses a namespace '
            f"({error.strerror or error}); let "
            "users make them (sysctl kernel.unprivileged_userns_clone, "
            "kernel.apparmor_restrict_unprivileged_userns), or "
            "let the program take its folder from KBC_DATADIR",
            file=sys.stderr,
        )
        return _CANNOT
    try:
        os.execve(argv[0], argv, os.environ)
    except OSError as error:
        print(f"{argv[0]} cannot be started: {error.strerror or error}", file=sys.stderr)  # noqa: T201
        return _NOT_FOUND


def _enter(folder: Path) -> None:
    """Raises: OSError."""
    # Within the namespace the files in memory of the process that started us cannot be opened: they are copied.
    texts = {name: _bytes(folder / name) for name in ("config.json", "in/state.json")}
    here, user, group = os.getcwd(), os.geteuid(), os.getegid()
    kinds = {
        **{f"in/{name}": os.path.realpath(folder / "in" / name) for name in ("tables", "files", "user")},
        "out": os.path.realpath(folder / "out"),
    }
    _unshare(_NEWUSER | _NEWNS)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    root = ""
    if not os.path.isdir(PLACE):
        root = _root_with_place()
    place = root + PLACE
    _mount("tmpfs", place, "tmpfs", _NOSUID | _NODEV, "mode=0700")
    os.mkdir(f"{place}/in", 0o700)
    for name, source in kinds.items():
        os.mkdir(f"{place}/{name}", 0o700)
        _mount(root + source, f"{place}/{name}", None, _BIND | _RECURSIVE)
    for name, data in texts.items():
        if data is not None:
            with open(f"{place}/{name}", "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(data)
    if root:
        os.chroot(root)
    os.chdir(here)


def _root_with_place() -> str:
    """A directory in memory in which everything of the real root is shown, and ``/data`` besides; its path."""
    root = next((path for path in _CORNERS if os.path.isdir(path) and not os.listdir(path)), "/tmp")
    entries = [entry for entry in os.scandir("/") if entry.name != PLACE.strip("/")]
    folders = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    handles = {entry.name: os.open(entry.path, os.O_PATH | os.O_DIRECTORY) for entry in folders}
    links = {entry.name: os.readlink(entry.path) for entry in entries if entry.is_symlink()}
    _mount("tmpfs", root, "tmpfs", _NOSUID | _NODEV, "mode=0755")
    for name, handle in handles.items():
        os.mkdir(f"{root}/{name}")
        # By its handle, since the new root hides what is in its corner; with what is mounted below it, the root not.
        below = 0 if f"/{name}" == root else _RECURSIVE
        _mount(f"/proc/self/fd/{handle}", f"{root}/{name}", None, _BIND | below)
        os.close(handle)
    for name, target in links.items():
        os.symlink(target, f"{root}/{name}")
    os.mkdir(f"{root}{PLACE}")
    return root


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


_libc = ctypes.CDLL(None, use_errno=True)


def _unshare(flags: int) -> None:
    if _libc.unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    def text(value: str | None) -> bytes | None:
        return None if value is None else os.fsencode(value)

    if _libc.mount(text(source), text(target), text(kind), ctypes.c_ulong(flags), text(data)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
