"""What a writer has sent already: a file that outlives a failed attempt, so that the next one goes on after it.

It is ``.orch/sent/<component>/<configuration>.jsonl``: a first line that says what is being sent, then one line for
each batch that the other side confirmed. A line is on the disk before the next batch is sent; what a crash left of a
half-written last line is cut off, and its batch is sent again.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import Input
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line, valid_id
from orch_tui.project.attempt_dir import sent_batches
from orch_tui.project.files.atomic import sync_directory
from orch_tui.project.files.own_files import open_own
from orch_tui.project.paths import ProjectPaths, make_private

_BLOCK = 1 << 20


def content_key(table: Input, *parts: object) -> str:
    """A key for :class:`Sent`: the bytes of the input's file, and whatever of the parameters decides what is sent.

    ``parts`` are JSON values (or have a ``str`` that says all). Leave out what may be corrected between two attempts
    without making the batches others, such as credentials, time-outs and retries.

    Raises:
        OSError: the input cannot be read.
    """
    digest = hashlib.sha256()
    with table.path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    digest.update(json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str).encode("utf-8", "replace"))
    return digest.hexdigest()


class Sent:
    """The batches that are confirmed. Batches are numbered from 0 and confirmed in order.

    ``done`` is how many are confirmed: the next to send is number ``done``. ``totals`` adds up the integers of the
    ``info`` of all confirmed batches. ``token`` is 32 hexadecimal digits that stay the same until :meth:`clear`: a
    batch that is sent again after a crash can be given the same idempotency key. ``discarded`` is how many batches of
    something else were confirmed: the input or the parameters are others than in the attempt that failed, so what it
    sent says nothing about this one, and everything is sent from the beginning.

    Use it as a context manager; memory does not grow with the number of batches.
    """

    def __init__(self, ctx: Context, key: str, *, resume: bool = True) -> None:
        """``key`` says what is sent, see :func:`content_key`. With ``resume=False`` nothing is remembered.

        Raises:
            UserError: the file cannot be read, or holds something else than this class wrote.
        """
        self._ctx = ctx
        self._key = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
        self._path = sent_file(ctx)
        self._file: BinaryIO | None = None
        self.done = 0
        self.discarded = 0
        self.totals: dict[str, int] = {}
        self.token = uuid.uuid4().hex
        self._keep = resume
        if not resume:
            # The other attempts of this task send the same keys; another run of it, other ones.
            self.token = hashlib.sha256(f"{ctx.run}/{ctx.task}/{self._key}".encode()).hexdigest()[:32]
            return
        try:
            self._open()
        except OSError as error:
            raise UserError(f"{self._shown} cannot be used: {error.strerror or error}") from error

    def __enter__(self) -> Sent:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def _shown(self) -> str:
        return ProjectPaths(self._ctx.project).relative(self._path)

    def mark(self, batch: int, info: Mapping[str, Any] | None = None) -> None:
        """Batch number ``batch`` was confirmed; ``info`` are JSON values. On the disk when this returns.

        Raises:
            ValueError: it is not the next one.
            OSError: it cannot be written.
        """
        if batch != self.done:
            raise ValueError(f"batch {batch} was confirmed, {self.done} is the next")
        about = self._ctx.redactor.value(dict(info or {}), numbers=False)
        if self._file is not None:
            self._append({"batch": batch, **({"info": about} if about else {})})
        self._count(about)

    def entries(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Every confirmed batch with its ``info``, read from the file. Raises: OSError."""
        if self._file is None:
            return
        with os.fdopen(open_own(self._path), "rb") as file:
            file.readline()
            for line in file:
                body = json.loads(line)
                yield int(body["batch"]), body.get("info") or {}

    def clear(self) -> None:
        """Everything is sent: forget it. Raises: OSError."""
        if self._file is None:
            return
        self._file.close()
        self._file = None
        self._path.unlink(missing_ok=True)
        sync_directory(self._path.parent)

    def _open(self) -> None:
        make_private(self._path.parent)
        descriptor = open_own(self._path, os.O_RDWR | os.O_CREAT)
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        with os.fdopen(open_own(self._path), "rb") as lines:
            end = self._read(lines)
        self._file.truncate(end)
        self._file.seek(end)
        if end == 0:
            self._append({"key": self._key, "token": self.token})
            sync_directory(self._path.parent)

    def _read(self, lines: BinaryIO) -> int:
        """Take over what the file says; where its last whole line ends. 0: there is nothing that counts here."""
        end, mine = 0, True
        for number, line in enumerate(lines):
            if not line.endswith(b"\n"):
                break
            try:
                body = json.loads(line)
                if number == 0:
                    mine = str(body["key"]) == self._key
                    self.token = str(body["token"]) if mine else self.token
                elif int(body["batch"]) != number - 1:
                    raise ValueError("a batch is missing")
                elif mine:
                    self._count(body.get("info") or {})
                else:
                    self.discarded += 1
            except (ValueError, KeyError, TypeError) as error:
                raise UserError(
                    f"{self._shown}, line {number + 1}, is damaged ({safe_line(str(error), 80)}), so it is not known "
                    "what was sent already; delete the file to send everything"
                ) from error
            end += len(line)
        return end if mine else 0

    def _append(self, body: Mapping[str, Any]) -> None:
        assert self._file is not None
        data = json.dumps(body, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        os.fsync(self._file.fileno())

    def _count(self, info: Mapping[str, Any]) -> None:
        self.done += 1
        for name, value in info.items():
            if isinstance(value, int) and not isinstance(value, bool):
                self.totals[name] = self.totals.get(name, 0) + value


def sent_file(ctx: Context) -> Path:
    """Where the batches of this configuration are written down."""
    if valid_id(ctx.component) and valid_id(ctx.configuration):
        folder = ProjectPaths(ctx.project).state / "sent" / ctx.component
        return folder / ctx.configuration / f"{ctx.row}.jsonl" if ctx.row else folder / f"{ctx.configuration}.jsonl"
    # Started by hand, with a config.json that does not say whose it is: nothing outlives the attempt.
    return sent_batches(ctx.data_dir)
