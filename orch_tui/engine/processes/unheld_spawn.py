"""A program started without holding up the other threads of this process.

``os.posix_spawn`` and ``subprocess`` keep the interpreter's lock until the new program has begun, for which the machine
must have a processor to spare: on a busy one that is tens of milliseconds, also from a thread. Called through ctypes,
the same function of the C library gives the lock away. Sources: posix_spawn(3); ctypes, "Loading shared libraries"; the
flags are those of <spawn.h> of glibc and of musl.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterable, Mapping, Sequence

_SETSIGDEF, _SETSID = 0x04, 0x80
_ROOM = 1024
"""Bytes, more than any of the structures takes that only the library looks into (glibc: 80, 336 and 128)."""

_libc = ctypes.CDLL(None, use_errno=True)


def spawn(
    path: str,
    argv: Sequence[str],
    environment: Mapping[str, str],
    descriptors: Mapping[int, int],
    default_signals: Iterable[signal.Signals] = (),
) -> int:
    """Start a program in a session of its own; its pid.

    ``descriptors`` are those that it gets, by the numbers that they have there; all of this process that close on exec
    do so. ``default_signals`` are not ignored there even if they are here. For any thread. Raises: OSError; ValueError
    for a text with a NUL.
    """
    actions, attributes, signals = (ctypes.create_string_buffer(_ROOM) for _ in range(3))
    _do("posix_spawn_file_actions_init", actions)
    try:
        for number, descriptor in descriptors.items():
            _do("posix_spawn_file_actions_adddup2", actions, descriptor, number)
        _do("posix_spawnattr_init", attributes)
        try:
            _libc.sigemptyset(signals)
            for number in default_signals:
                _libc.sigaddset(signals, int(number))
            _do("posix_spawnattr_setsigdefault", attributes, signals)
            _do("posix_spawnattr_setflags", attributes, ctypes.c_short(_SETSIGDEF | _SETSID))
            pid = ctypes.c_int()
            started = [ctypes.byref(pid), _text(path), actions, attributes, _texts(argv), _texts(_pairs(environment))]
            _do("posix_spawn", *started, subject=path)
            return pid.value
        finally:
            _libc.posix_spawnattr_destroy(attributes)
    finally:
        _libc.posix_spawn_file_actions_destroy(actions)


def _do(name: str, *arguments: object, subject: str | None = None) -> None:
    """Call a function that returns an error number."""
    number = _libc[name](*arguments)
    if number != 0:
        raise OSError(number, os.strerror(number), subject)


def _pairs(environment: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in environment.items()]


def _texts(texts: Sequence[str]) -> ctypes.Array[ctypes.c_char_p]:
    return (ctypes.c_char_p * (len(texts) + 1))(*map(_text, texts), None)


def _text(text: str) -> bytes:
    encoded = os.fsencode(text)
    if b"\0" in encoded:
        raise ValueError("embedded null byte")
    return encoded
