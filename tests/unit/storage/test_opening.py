"""Which storage a project has, and what is said where it cannot be had."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from orch_tui.model.components.component import STORAGE_KEYS_VARIABLE, STORAGE_VARIABLE
from orch_tui.project.definitions.settings import decode_settings
from orch_tui.project.definitions.storage_address import StorageAddress
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.toml.decode import Place
from orch_tui.storage.directory import Directory
from orch_tui.storage.objects.bucket import Bucket
from orch_tui.storage.opening import open_storage
from orch_tui.storage.tables import StorageError

URL = '[storage]\nurl = "s3://bucket/a/b/"\n'


@pytest.fixture(autouse=True)
def no_keys_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    "text", ["", "[storage]\nkeep_versions = 2\n", 'name = "no [storage] url"\n'], ids=["empty", "kept", "words"]
)
def test_without_an_url_tables_are_in_the_directory(tmp_path: Path, text: str) -> None:
    (tmp_path / "orch.toml").write_text(text)
    storage = open_storage(ProjectPaths(tmp_path))
    assert isinstance(storage.place, Directory) and storage.tables() == []


def test_an_url_with_its_keys_is_a_bucket(tmp_path: Path) -> None:
    (tmp_path / "orch.toml").write_text(URL + 'region = "eu-central-1"\nsecret_key = "${OTHER}"\n')
    (tmp_path / ".env").write_text("AWS_ACCESS_KEY_ID=one\nOTHER=two\n")
    place = open_storage(ProjectPaths(tmp_path)).place
    assert isinstance(place, Bucket)
    assert (place.address.url, place.address.region) == ("s3://bucket/a/b", "eu-central-1")
    assert place.objects._keys() == ("one", "two", None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (URL, "secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"),
        ('[storage]\nurl = "https://bucket"\n', "url in [storage] cannot be used"),
        ('[storage]\nurl = "s3://bucket"\nhalf = [\n', "orch.toml says where tables are, and cannot be read"),
    ],
    ids=["keys", "url", "broken"],
)
def test_what_is_wrong_is_said_by_the_first_use_and_nothing_goes_to_the_directory(
    tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "orch.toml").write_text(text)
    storage = open_storage(ProjectPaths(tmp_path))
    with pytest.raises(StorageError) as listed:
        storage.tables()
    with pytest.raises(StorageError) as read:
        storage.get("a/b")
    assert says in str(listed.value) and says in str(read.value)


def test_a_task_has_what_its_run_was_told_and_its_programs_inherit_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN the environment of a task, and settings that were changed since
    (tmp_path / "orch.toml").write_text("")
    monkeypatch.setenv("KBC_DATADIR", str(tmp_path / "data"))
    monkeypatch.setenv("ORCH_PROJECT", str(tmp_path))
    address = StorageAddress("bucket", "p", "http://127.0.0.1:1", lease=7.0)
    monkeypatch.setenv(STORAGE_VARIABLE, address.as_text())
    given = {"AWS_ACCESS_KEY_ID": "one", "AWS_SECRET_ACCESS_KEY": "two"}
    monkeypatch.setenv(STORAGE_KEYS_VARIABLE, json.dumps(given))
    monkeypatch.setattr("orch_tui.storage.opening._keys", {})
    # WHEN it opens the storage, twice
    first, second = (open_storage(ProjectPaths(tmp_path)).place for _ in range(2))
    # THEN it is the run's
    assert isinstance(first, Bucket) and isinstance(second, Bucket)
    assert first.address == address and second.objects._keys() == ("one", "two", None)
    assert STORAGE_KEYS_VARIABLE not in os.environ


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('url = "gs://x"', "that of a bucket only"),
        ('url = "s3://key@bucket"', "that of a bucket only"),
        ('url = "s3://b"\nendpoint = "server"', "no address of a server"),
        ('url = "s3://b"\nendpoint = "https://me:AKIAVERYSECRET@host"', "has a name or a password in it"),
        ('url = "s3://b"\nlease = 0.5', "2 seconds at least"),
        ('url = "s3://b"\naccess_key = "AKIAVERYSECRET"', "something else than a reference"),
    ],
    ids=["scheme", "key", "endpoint", "password", "lease", "plain"],
)
def test_settings_that_cannot_be_are_problems_without_their_secret(text: str, says: str) -> None:
    import tomllib

    text = f"[storage]\n{text}\n"
    place = Place("orch.toml", text)
    decode_settings(tomllib.loads(text), place, "p")
    messages = [f"{problem.message} {problem.remedy}" for problem in place.problems]
    assert len(messages) == 1 and says in messages[0] and "AKIAVERYSECRET" not in messages[0]
    assert place.problems[0].line is not None
