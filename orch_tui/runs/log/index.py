"""Lines of a growing file by where they begin, without ever reading all of it.

A place in a log is the offset of the first byte of a line: a log of any size can be shown from any place at once, and
the line above or below is found by looking at a block or two. Numbers of lines come from a count per block, made in
the background: 8 bytes for each 256 KiB.

A line begins after a line end, and, so that a log without line ends can be read too, at a block that follows on a
whole block without one. Both can be seen from the bytes around the place alone, forwards and backwards alike.
"""

from __future__ import annotations

import errno
import os
from array import array
from bisect import bisect_left
from collections import OrderedDict
from enum import Enum
from pathlib import Path

from orch_tui.project.files.own_files import open_own, stat_own

BLOCK = 1 << 18
_KEPT_BLOCKS = 8


class Change(Enum):
    """What :meth:`LogFile.poll` found. REPLACED: also when it was cut, or is there for the first time."""

    NONE = 0
    GREW = 1
    REPLACED = 2


class _Descriptor:
    """An open file that is closed when the last thread that reads it has let it go."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.close(self.number)


class Blocks:
    """The bytes of one file up to ``size``. Not for two threads at once: each has its own, see :meth:`twin`."""

    def __init__(self, descriptor: _Descriptor | None = None, size: int = 0, block: int = BLOCK) -> None:
        self._descriptor = descriptor
        self.size = size
        self.block_size = block
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def twin(self) -> Blocks:
        """The same file for another thread; it stays open until both are gone."""
        return Blocks(self._descriptor, self.size, self.block_size)

    def grown(self) -> int:
        """Take in what the file has become; its size. A file that was cut stays as long as it was: see LogFile."""
        if self._descriptor is not None:
            self.size = max(self.size, os.fstat(self._descriptor.number).st_size)
        return self.size

    def read(self, start: int, end: int) -> bytes:
        """The bytes, fewer where the file was cut meanwhile. Raises: OSError."""
        parts = []
        end = min(end, self.size)
        while self._descriptor is not None and start < end:
            data = os.pread(self._descriptor.number, end - start, start)
            if not data:
                break
            parts.append(data)
            start += len(data)
        return b"".join(parts)

    def block(self, number: int) -> bytes:
        """Block ``number`` as far as the file goes; the last few are kept."""
        start = number * self.block_size
        wanted = max(0, min(self.block_size, self.size - start))
        data = self._kept.get(number, b"")
        if len(data) < wanted:
            # A block that grows is read on, not again.
            data += self.read(start + len(data), start + wanted)
            self._kept[number] = data
        if data:
            self._kept.move_to_end(number)
        while len(self._kept) > _KEPT_BLOCKS:
            self._kept.popitem(last=False)
        return data

    def start_before(self, offset: int) -> int:
        """Where the line begins that has the byte before ``offset``: for a line's beginning, the line above."""
        if offset <= 0:
            return 0
        number = (offset - 1) // self.block_size
        base = number * self.block_size
        found = self.block(number).rfind(b"\n", 0, offset - 1 - base)
        if found >= 0:
            return base + found + 1
        if number == 0:
            return 0
        found = self.block(number - 1).rfind(b"\n")
        return base if found < 0 else base - self.block_size + found + 1

    def start_at(self, offset: int) -> int:
        """Where the line begins that has the byte at ``offset``, or the last line."""
        return self.start_before(min(offset + 1, self.size))

    def end_of(self, offset: int) -> int:
        """Where the line that begins at ``offset`` ends, its line end included: the beginning of the next one."""
        number = offset // self.block_size
        while number * self.block_size < self.size:
            base = number * self.block_size
            data = self.block(number)
            found = data.find(b"\n", max(0, offset - base))
            if found >= 0:
                return base + found + 1
            if len(data) < self.block_size:
                break
            if b"\n" not in data:
                return base + self.block_size
            number += 1
        return self.size

    @property
    def last(self) -> int:
        """Where the last line begins; 0 in an empty file."""
        return self.start_before(self.size)


class LogFile:
    """One log, which may not exist yet, grow, be cut or be replaced by another file."""

    def __init__(self, path: Path, block: int = BLOCK) -> None:
        self.path = path
        self.blocks = Blocks(block=block)
        self.problem: str | None = "no output yet"
        self._block = block
        self._identity: tuple[int, int] | None = None

    def poll(self) -> Change:
        """Look at the file. Never raises: ``problem`` says in words why there is nothing to read."""
        try:
            found = stat_own(self.path)
            if (found.st_dev, found.st_ino) == self._identity and found.st_size >= self.blocks.size:
                if found.st_size == self.blocks.size:
                    return Change.NONE
                self.blocks.size = found.st_size
                return Change.GREW
            return self._open()
        except OSError as error:
            return self._lost(error)

    def _open(self) -> Change:
        number = open_own(self.path)
        descriptor = _Descriptor(number)
        found = os.fstat(number)
        self._identity = (found.st_dev, found.st_ino)
        self.blocks = Blocks(descriptor, found.st_size, self._block)
        self.problem = None
        return Change.REPLACED

    def _lost(self, error: OSError) -> Change:
        if self._identity is not None and error.errno == errno.ENOENT:
            # Deleted while it is read: what was written can still be looked at.
            return Change.NONE
        problem = "no output yet" if error.errno == errno.ENOENT else f"it cannot be read: {error.strerror or error}"
        if problem == self.problem:
            return Change.NONE
        self.problem, self._identity, self.blocks = problem, None, Blocks(block=self._block)
        return Change.REPLACED


class LineCount:
    """Line ends before each block, counted block by block by one thread and looked up by another."""

    def __init__(self, block: int = BLOCK) -> None:
        self._block = block
        self._before = array("Q", [0])

    @property
    def counted(self) -> int:
        """Bytes from the beginning that are counted."""
        return (len(self._before) - 1) * self._block

    def step(self, blocks: Blocks) -> bool:
        """Count one more whole block; False when there is none."""
        start = self.counted
        if start + self._block > blocks.size:
            return False
        data = blocks.read(start, start + self._block)
        if len(data) < self._block:
            return False
        self._before.append(self._before[-1] + data.count(b"\n"))
        return True

    def before(self, offset: int, blocks: Blocks) -> int | None:
        """Line ends before ``offset``: the number of its line, from 0; None as long as nobody knows."""
        number = offset // self._block
        if number >= len(self._before):
            return None
        return self._before[number] + blocks.block(number).count(b"\n", 0, offset - number * self._block)

    def between(self, start: int, end: int, blocks: Blocks) -> int | None:
        """Line ends from ``start`` to ``end``, also where the beginning of the file is not counted yet."""
        first, last = start // self._block, end // self._block
        if last - first <= 1:
            begin = blocks.block(first).count(b"\n", start - first * self._block, end - first * self._block)
            return begin if first == last else begin + blocks.block(last).count(b"\n", 0, end - last * self._block)
        one, other = self.before(start, blocks), self.before(end, blocks)
        return None if one is None or other is None else other - one

    def offset_of(self, line: int, blocks: Blocks) -> int | None:
        """Where line ``line`` (from 0) begins, the last one for a number too high; None when not counted yet."""
        number = max(0, bisect_left(self._before, line) - 1)
        if line <= 0:
            return 0
        left = line - self._before[number]
        if number + 1 >= len(self._before) and self.counted + self._block < blocks.size:
            return None
        data, at = blocks.block(number), -1
        while left > 0:
            at = data.find(b"\n", at + 1)
            if at < 0:
                return blocks.last
            left -= 1
        offset = number * self._block + at + 1
        return offset if offset < blocks.size else blocks.last
