"""The archive with the results of a batch: read to its end, and with a limit to what it unpacks to."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
from orch_tui.components.kit.expansion import Expansion
from orch_tui.components.mailchimp.api import unpacked_results
from orch_tui.model.errors import UserError

ANSWERS = [{"operation_id": str(number), "status_code": 200, "response": "{}"} for number in range(2000)]


def packed(members: dict[str, bytes]) -> bytes:
    """A .tar.gz."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as pack, tarfile.open(fileobj=pack, mode="w|") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def archive(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "results.tar.gz"
    path.write_bytes(data)
    return path


def test_all_results_are_read(tmp_path: Path) -> None:
    halves = {"a.json": json.dumps(ANSWERS[:1000]).encode(), "b.json": json.dumps(ANSWERS[1000:]).encode()}
    assert len(unpacked_results(archive(tmp_path, packed(halves)))) == 2000


@pytest.mark.parametrize("name", ["a.json", "a.txt"])
def test_an_archive_that_expands_too_far_is_refused(tmp_path: Path, name: str) -> None:
    # GIVEN a small archive with 40 MB of blanks, whether they would be read as results or passed over
    path = archive(tmp_path, packed({name: b"[" + b" " * 40 * 2**20 + b"]"}))
    # WHEN / THEN
    with pytest.raises(UserError, match=r"the archive with the results of a batch has \d+ bytes and unpacks to"):
        unpacked_results(path, Expansion(10, "", free=1000))
    assert unpacked_results(path, Expansion(10, "", free=50 * 2**20)) == {}


def test_a_file_with_holes_is_as_long_as_it_would_be_read(tmp_path: Path) -> None:
    # GIVEN a member whose header says that it is 4 GB long with nothing stored: GNU's sparse format,
    # https://www.gnu.org/software/tar/manual/html_node/Sparse-Formats.html
    header = bytearray(tarfile.TarInfo("a.json").tobuf(tarfile.GNU_FORMAT))
    header[156:157] = tarfile.GNUTYPE_SPARSE
    header[483:495] = b"%011o\0" % (2**32)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    path = archive(tmp_path, gzip.compress(bytes(header) + bytes(2 * 512)))
    # WHEN / THEN it is refused before anything of it is read
    with pytest.raises(UserError, match=f"unpacks to {2**32}"):
        unpacked_results(path)


@pytest.mark.parametrize("damage", ["sum", "cut"])
def test_an_archive_with_a_wrong_check_sum_or_no_end_is_broken(tmp_path: Path, damage: str) -> None:
    data = packed({"a.json": json.dumps(ANSWERS).encode()})
    data = data[:-8] + bytes([data[-8] ^ 1]) + data[-7:] if damage == "sum" else data[:-8]
    with pytest.raises((OSError, EOFError)) as caught:
        unpacked_results(archive(tmp_path, data))
    assert not isinstance(caught.value, OSError) or caught.value.errno is None
