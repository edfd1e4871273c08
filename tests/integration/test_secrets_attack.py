"""No secret in any file that the program keeps and in nothing it shows, however a task tells it and however it ends."""

from __future__ import annotations

import os
import random
import signal
import string
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import command_here
from tests.support.encoders import ENCODERS
from tests.support.leaks import leaks
from tests.support.projects import end, latest_run, make_project, orch, start, wait_for_file

TELL = Path(__file__).with_name("tell_secrets.py")
ENDS = ("success", "failure", "kill", "cancel", "resumed", "resumed-dead", "unresumed")
KINDS = ("letters", "signs", "unicode", "address", "pem")
_DATA = ("storage", "in", "files", "tables")


def make_secret(kind: str, chance: random.Random) -> str:
    """A secret as people have them."""
    size = chance.randint(10, 30)
    if kind == "signs":
        return "".join(chance.choices(string.digits + string.ascii_letters + string.punctuation + "''\"\"", k=size))
    if kind == "unicode":
        return "".join(chance.choices("abc019 ěščřžýáíéüß日本語パスワード秘密Жщю🙂🔑", k=size)).strip() + "x1"
    word = "".join(chance.choices(string.digits + string.ascii_letters, k=size))
    if kind == "address":
        return f"postgres://reports:{word}%2F%40{word[::-1]}@db.example.com:5432/x"
    if kind == "pem":
        lines = ["".join(chance.choices(string.digits + string.ascii_letters + "+/", k=64)) for _ in range(6)]
        return "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "q0==", "-----END PRIVATE KEY-----"])
    return word


def parts_of(secret: str) -> list[str]:
    """What is looked for: the lines of a key, the password in an address, else the whole."""
    if "\n" in secret:
        return [line for line in secret.splitlines() if len(line) > 10 and "-----" not in line]
    return [secret.partition("reports:")[2].partition("@")[0]] if "://" in secret else [secret]


def kept_files(project: Path) -> Iterator[tuple[str, bytes]]:
    """All files of the project's state but data: tables, and what tasks got and made."""
    for path in sorted((project / ".orch").rglob("*")):
        inside = path.relative_to(project / ".orch").parts
        data = inside[-2] in _DATA if len(inside) > 1 else False
        if path.is_file() and not data:
            yield str(path.relative_to(project)), path.read_bytes()


def shown(project: Path) -> Iterator[tuple[str, bytes]]:
    """What the commands print, without the secret in their environment."""
    for arguments in (
        ["show", "last"],
        ["show", "last", "--json"],
        ["show", "last", "tell"],
        ["show", "last", "tell", "--json"],
        ["show", "last", "tell", "--command"],
        ["show", "last", "tell", "--config"],
        ["logs", "last", "tell"],
        ["logs", "last", "tell", "--raw"],
        ["runs", "--json"],
    ):
        done = command_here(project, *arguments)
        yield " ".join(arguments), (done.stdout + done.stderr).encode("utf-8", "surrogateescape")


def tell(project: Path, secret: str, how: str, seed: int, names: list[str]) -> bytes:
    """A run of the task until it has ended in this way; what the commands said meanwhile."""
    ready = project / "ready"
    ending = how if how in ("success", "failure", "kill") else "wait"
    command = " ".join(f"'{part}'" for part in (sys.executable, TELL, seed, ending, ready, *names))
    make_project(project, {"o": {"P": {"tell": {"command": f": ${{SECRET}}; exec {command}"}}}})
    run = start(project, "run", "o", env={"SECRET": secret})
    said = b""
    try:
        if ending == "wait":
            wait_for_file(ready, run)
            said += b"".join(text for _, text in shown(project))
        if how == "cancel":
            orch(project, "cancel", "last", "--now")
        elif ending == "wait":
            run.kill()
            run.wait()
            said += _resume(project, how)
        out, _ = run.communicate(timeout=60)
        return said + out.encode()
    finally:
        end(run)


def _resume(project: Path, how: str) -> bytes:
    """The executor is gone: its task is killed, and another one goes on with the run, before or after that."""
    shim = Path(f"{latest_run(project, 'o')}/tasks/tell/1")
    if how == "resumed":
        resumed = start(project, "run", "--resume", "o")
        wait_until_adopted(shim.parents[2], resumed)
        _kill_task(shim)
        return resumed.communicate(timeout=60)[0].encode()
    _kill_task(shim)
    if how == "unresumed":
        return b""
    done = orch(project, "run", "--resume", "o")
    return (done.stdout + done.stderr).encode()


def wait_until_adopted(run: Path, resumed: subprocess.Popen[str]) -> None:
    while "taken over by" not in (run / "run.toml").read_text():
        assert resumed.poll() is None, resumed.communicate()[0]
        time.sleep(0.01)


def _kill_task(directory: Path) -> None:
    for entry in Path("/proc").iterdir():
        try:
            tagged = entry.name.isdigit() and f"ORCH_TASK={directory}\0".encode() in (entry / "environ").read_bytes()
        except OSError:
            continue
        if tagged:
            os.kill(int(entry.name), signal.SIGKILL)


def attack(project: Path, kind: str, how: str, seed: int, names: list[str]) -> int:
    """Find leaks of one run; returns how many files and outputs were looked through."""
    secret = make_secret(kind, random.Random(seed))
    said = tell(project, secret, how, seed, names)
    # A run that nobody went on with is repaired by who goes on with it; until then nothing raw is shown.
    files = [] if how == "unresumed" else list(kept_files(project))
    places = [("said", said), *files, *shown(project)]
    for place, data in places:
        for part in parts_of(secret):
            found = leaks(part, data, depth=2)
            assert found is None, f"{kind} {secret!r} in {place} after {how}, by {found} (seed {seed})"
    return len(places)


@pytest.mark.parametrize("how", ENDS)
def test_no_secret_is_kept_or_shown(tmp_path: Path, how: str) -> None:
    # GIVEN a task that tells its secret in some of the ways / WHEN it has ended in this way / THEN it is nowhere
    seed = ENDS.index(how)
    names = random.Random(seed).sample(sorted(ENCODERS), 12)
    assert attack(tmp_path, KINDS[seed % len(KINDS)], how, seed, names) > 9


@pytest.mark.long
def test_no_secret_is_kept_or_shown_at_length(tmp_path: Path) -> None:
    looked = 0
    for seed in range(100, 100 + int(os.environ.get("ORCH_TUI_ATTACKS", "70"))):
        chance = random.Random(seed)
        names = chance.sample(sorted(ENCODERS), 15)
        how, kind = ENDS[seed % len(ENDS)], chance.choice(KINDS)
        looked += attack(tmp_path / str(seed), kind, how, seed, names)
    print(f"{looked} files and outputs looked through")
