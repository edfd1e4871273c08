"""Keboola's most used processors, done here."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.keboola import builtin_processors
from orch_tui.components.keboola.builtin_processors import is_builtin, run_builtin
from orch_tui.components.keboola.data_folder import DataFolder
from orch_tui.model.errors import UserError
from orch_tui.project.extensions.manifests import BUILTIN_COMPONENTS
from orch_tui.project.project import Project

from tests.unit.components.keboola.contexts import context

Tree = dict[str, bytes | str | dict[str, Any]]


def processed(tmp_path: Path, name: str, parameters: dict[str, Any], given: Tree) -> tuple[Tree, list[str]]:
    """What is in ``out`` when the processor has been run on ``given`` (paths below ``in``), and what it said."""
    ctx = context(tmp_path)
    folder = DataFolder(ctx)
    for path, content in given.items():
        place = folder.inside / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            place.write_text(json.dumps(content))
        else:
            place.write_bytes(content.encode() if isinstance(content, str) else content)
    said: list[str] = []
    assert is_builtin(f"keboola.processor-{name}")
    run_builtin(f"keboola.processor-{name}", parameters, folder, said.append)
    found: Tree = {}
    for file in sorted(folder.outside.rglob("*")):
        if file.is_file():
            text = file.read_text()
            found[str(file.relative_to(folder.outside))] = json.loads(text) if file.suffix == ".manifest" else text
    return found, said


def refused(tmp_path: Path, name: str, parameters: dict[str, Any], given: Tree) -> str:
    with pytest.raises(UserError) as caught:
        processed(tmp_path, name, parameters, given)
    assert str(caught.value).startswith(f"keboola.processor-{name}: ") and "\n" not in str(caught.value)
    return str(caught.value)


def test_the_component_s_file_names_exactly_those_that_are_done_here(tmp_path: Path) -> None:
    # GIVEN the runner's manifest, by which check knows that a processor needs no program
    (tmp_path / "orch.toml").write_text("")
    runner = Project(tmp_path, builtin=BUILTIN_COMPONENTS).component("keboola")
    assert runner is not None and len(runner.processors) == 5
    assert all(is_builtin(name) for name in runner.processors) and not is_builtin("keboola.processor-none")


FILES: Tree = {"files/a": "1", "files/a.manifest": {"tags": []}, "files/sliced/one": "2", "tables/t.csv": "3"}


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"direction": "tables"}, {"tables/a": "1", "tables/sliced/one": "2"}),
        ({"direction": "tables", "addCsvSuffix": True}, {"tables/a.csv": "1", "tables/sliced.csv/one": "2"}),
        ({"direction": "tables", "folder": "all"}, {"tables/all/a": "1", "tables/all/sliced/one": "2"}),
        ({"direction": "files", "addCsvSuffix": True}, {"files/t.csv": "3"}),
    ],
    ids=["tables", "suffix", "folder", "files"],
)
def test_move_files(tmp_path: Path, parameters: dict[str, Any], found: Tree) -> None:
    # THEN they are there without their manifests, and all else is not
    assert processed(tmp_path, "move-files", parameters, FILES)[0] == found


def test_move_files_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    assert "direction" in refused(tmp_path, "move-files", {}, {})
    assert "leads out of the folder" in refused(
        tmp_path, "move-files", {"direction": "tables", "folder": "../x"}, FILES
    )


def manifest(tmp_path: Path, parameters: dict[str, Any], given: Tree) -> Any:
    found, _ = processed(tmp_path, "create-manifest", parameters, given)
    assert {path for path in found if not path.endswith(".manifest")} == {
        path for path in given if path.endswith(".csv")
    } | {path for path in given if "/part" in path}
    return next(content for path, content in found.items() if path.endswith(".manifest"))


CSV: Tree = {"tables/t.csv": 'id,"",b\n1,2,3\n'}


@pytest.mark.parametrize(
    ("parameters", "given", "says"),
    [
        ({}, CSV, {"delimiter": ",", "enclosure": '"', "incremental": False}),
        ({"columns": ["x"], "incremental": True}, CSV, {"columns": ["x"], "incremental": True}),
        ({"columns_from": "header"}, CSV, {"columns": ["id", "col_2", "b"]}),
        (
            {"columns_from": "auto", "primary_key": ["col_1"]},
            CSV,
            {"columns": ["col_1", "col_2", "col_3"], "primary_key": ["col_1"]},
        ),
        (
            {"delimiter": ";", "columns_from": "header"},
            {"tables/t.csv": "a;b\n"},
            {"columns": ["a", "b"], "delimiter": ";"},
        ),
        (
            {"columns_from": "header"},
            {"tables/s/part1": "a,b\n1,2\n", "tables/s/part2": "a,b\n"},
            {"columns": ["a", "b"]},
        ),
        # What a manifest says already stays, unless it is said anew.
        (
            {},
            {**CSV, "tables/t.csv.manifest": {"delimiter": "\t", "columns": ["q"]}},
            {"delimiter": "\t", "columns": ["q"]},
        ),
        ({"delimiter": ","}, {**CSV, "tables/t.csv.manifest": {"delimiter": "\t"}}, {"delimiter": ","}),
    ],
)
def test_create_manifest(tmp_path: Path, parameters: dict[str, Any], given: Tree, says: dict[str, Any]) -> None:
    found = manifest(tmp_path, parameters, given)
    assert {key: found[key] for key in says} == says


def test_create_manifest_wants_one_header_of_all_slices(tmp_path: Path) -> None:
    given: Tree = {"tables/s/part1": "a,b\n", "tables/s/part2": "a,c\n"}
    assert "must have the same header; part2" in refused(tmp_path, "create-manifest", {"columns_from": "header"}, given)
    assert "has no header" in refused(
        tmp_path / "x", "create-manifest", {"columns_from": "header"}, {"tables/t.csv": ""}
    )
    assert "cannot be read as CSV" in refused(
        tmp_path / "y", "create-manifest", {"columns_from": "header"}, {"tables/t.csv": b"\xff\xfe\xfa\n"}
    )


@pytest.mark.parametrize(
    ("parameters", "left"),
    [
        ({"lines": 1}, "2\n3"),
        ({"lines": 0}, "1\n2\n3"),
        ({"lines": 9}, ""),
        ({"lines": 1, "direction_from": "bottom"}, "1\n2\n"),
        ({"lines": 9, "direction_from": "bottom"}, ""),
    ],
)
def test_skip_lines(tmp_path: Path, parameters: dict[str, Any], left: str) -> None:
    # GIVEN a table, one in slices and a file, with manifests
    given: Tree = {
        "tables/t": "1\n2\n3", "tables/t.manifest": {"columns": ["a"]}, "tables/s/p": "1\n2\n3", "files/f": "1\n2\n3"
    }  # fmt: skip
    # THEN each lost its lines, and manifests are as they were
    found, _ = processed(tmp_path, "skip-lines", parameters, given)
    assert found == {"tables/t": left, "tables/t.manifest": {"columns": ["a"]}, "tables/s/p": left, "files/f": left}
    assert "lines" in refused(tmp_path / "x", "skip-lines", {}, {})


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({}, ["files/a", "files/b-c--d-e", "tables/t-p"]),
        ({"starting_depth": 1}, ["files/a", "files/b/c--d-e", "tables/t/p"]),
        (
            {"flatten_strategy": "hash-sha256"},
            [
                f"{folder}/{hashlib.sha256(text).hexdigest()}"
                for folder, text in (("files", b'["a"]'), ("files", b'["b","c-d","e"]'), ("tables", b'["t","p"]'))
            ],
        ),
    ],
    ids=["concat", "depth", "hash"],
)
def test_flatten_folders(tmp_path: Path, parameters: dict[str, Any], names: list[str]) -> None:
    given: Tree = {"files/a": "1", "files/b/c-d/e": "2", "files/a.manifest": {}, "tables/t/p": "3"}
    assert sorted(processed(tmp_path, "flatten-folders", parameters, given)[0]) == sorted(names)


def test_flatten_folders_says_when_a_name_gets_too_long(tmp_path: Path) -> None:
    given: Tree = {f"files/{'a' * 200}/{'b' * 100}": ""}
    assert "has 301 bytes" in refused(tmp_path, "flatten-folders", {}, given)


def zipped(**members: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/"), text)
    return data.getvalue()


@pytest.mark.parametrize(
    ("parameters", "given", "found"),
    [
        ({}, {"files/a.csv.gz": gzip.compress(b"1")}, {"files/a.csv.gz/a.csv": "1"}),
        ({}, {"files/s/p.gz": gzip.compress(b"1")}, {"files/s/p.gz/p": "1"}),
        ({}, {"files/a.zip": zipped(x="1", d__y="2")}, {"files/a.zip/x": "1", "files/a.zip/d/y": "2"}),
        ({"compression_type": "gzip"}, {"files/a": gzip.compress(b"1")}, {"files/a/a": "1"}),
        ({"compression_type": "zlib"}, {"files/a": zlib.compress(b"1" * 3_000_000)}, {"files/a/a": "1" * 3_000_000}),
        (
            {"graceful": True},
            {"files/a.gz": b"no", "files/b.txt": "no", "files/c.gz": gzip.compress(b"1")},
            {"files/c.gz/c": "1"},
        ),
    ],
    ids=["gz", "slices", "zip", "gzip", "zlib", "graceful"],
)
def test_decompress(tmp_path: Path, parameters: dict[str, Any], given: Tree, found: Tree) -> None:
    out, said = processed(tmp_path, "decompress", parameters, given)
    assert out == found
    assert [line.startswith("warning: file ") for line in said] == [True, True] * bool(parameters.get("graceful"))


def encrypted(data: bytes) -> bytes:
    """The flag is set, in the member's own header and in the directory."""
    whole = bytearray(data)
    whole[6] |= 1
    whole[whole.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(whole)


def damaged_lzma() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x", "1" * 1000)
    whole = bytearray(data.getvalue())
    whole[40:60] = b"\xff" * 20
    return bytes(whole)


def test_a_fault_of_the_program_is_no_fault_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a processor that goes wrong by itself
    def wrong(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(builtin_processors, "_unpack", wrong)
    # WHEN files that cannot be decompressed are to be left out THEN it is not told as one of them
    with pytest.raises(RuntimeError, match="a fault"):
        processed(tmp_path, "decompress", {"graceful": True}, {"files/a.gz": gzip.compress(b"1")})


def test_a_full_disk_is_no_fault_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a disk without room
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(builtin_processors, "_unpack", full)
    # WHEN files that cannot be decompressed are to be left out THEN this one is not
    with pytest.raises(UserError, match="No space left"):
        processed(tmp_path, "decompress", {"graceful": True}, {"files/a.gz": gzip.compress(b"1")})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"files/a.txt": "x"}, "it is no archive"),
        ({"files/a.gz": b"x"}, "cannot be decompressed"),
        ({"files/a.gz": gzip.compress(b"1" * 10)[:-9]}, "cannot be decompressed"),
        ({"files/a.zip": encrypted(zipped(x="1"))}, "is encrypted with a password"),
        ({"files/a.zip": damaged_lzma()}, "cannot be decompressed"),
        ({"files/a.zip": zipped(**{"..__x": "1"})}, "leads out of the folder"),
        ({"files/a.gz": gzip.compress(bytes(80 << 20))}, "over 100 times as many"),
        ({"files/a.snappy": b"x"}, "snappy is not done here"),
    ],
    ids=["other", "broken", "cut", "encrypted", "lzma", "out", "bomb", "snappy"],
)
def test_what_cannot_be_decompressed(tmp_path: Path, given: Tree, says: str) -> None:
    assert says in refused(tmp_path, "decompress", {}, given)
    assert not (tmp_path / "x").exists()
