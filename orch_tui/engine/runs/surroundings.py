"""What a run finds around it: the machine, the program with its libraries, the environment that tasks are given.

It is kept with the run, so that later somebody can ask what was different then. Values that may hold secrets are not in
it: of those only a keyed digest is, which tells that one is another, and not what it is.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orch_tui import __version__
from orch_tui.engine.attempts.prepare import PASSED_ENVIRONMENT, PROXIES
from orch_tui.model.variables.references import looks_secret
from orch_tui.project.files.own_files import create_own, read_own
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.project.project import Project

_KEY_BYTES = 32
_SHOWN_DIGITS = 16


def surroundings(project: Project) -> dict[str, Any]:
    """``host``, ``versions`` and ``environment``, each a table of texts; ``hidden`` has the digests of values that may
    hold secrets, by the name of the variable. Raises: OSError when the key of the digests cannot be made."""
    given = {*PASSED_ENVIRONMENT, *PROXIES, *project.settings.pass_environment}
    known = {name: os.environ[name] for name in sorted(given) if name in os.environ}
    secret = {name for name in known if name in (*PROXIES, *project.settings.pass_environment) or looks_secret(name)}
    key = _key(project.paths) if secret else b""
    return {
        "host": _host(),
        "versions": {"orch-tui": __version__, "python": platform.python_version(), **dict(_libraries())},
        "environment": {name: value for name, value in known.items() if name not in secret},
        "hidden": {name: _digest(key, known[name]) for name in sorted(secret)},
    }


def _host() -> dict[str, str]:
    system = os.uname()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "name": system.nodename,
        "kernel": system.release,
        "machine": system.machine,
        "processors": str(os.cpu_count() or 0),
        "memory": str(memory),
        "user": str(os.geteuid()),
    }


def _libraries() -> Iterator[tuple[str, str]]:
    """Names and versions of the distributions that are installed, by the names of their directories.

    ``name-version.dist-info`` (https://packaging.python.org/en/latest/specifications/recording-installed-packages/):
    to read the metadata of each would take as long as the rest of a start.
    """
    for place in sys.path:
        try:
            names = os.listdir(place or ".")
        except OSError:
            continue
        for name in sorted(names):
            if name.endswith(".dist-info"):
                library, dash, version = name.removesuffix(".dist-info").rpartition("-")
                if dash:
                    yield library.replace("_", "-").lower(), version


def _key(paths: ProjectPaths) -> bytes:
    path: Path = paths.kept_definitions / "key"
    paths.make_state()
    make_private(path.parent)
    try:
        create_own(path, os.urandom(_KEY_BYTES))
    except FileExistsError:
        pass
    return read_own(path)


def _digest(key: bytes, value: str) -> str:
    data = value.encode("utf-8", "surrogateescape")
    return hmac.new(key, data, hashlib.sha256).hexdigest()[:_SHOWN_DIGITS]
