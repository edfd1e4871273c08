"""The pages for developers name files, folders, classes and functions that are there: a move takes its pages along."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "orch_tui"
PAGES = ("docs/architecture.md", "docs/contributing.md")
# With a slash, or with the ending of a file of ours.
_PATH = re.compile(r"`((?:[\w.*<>-]+/)+[\w.*<>-]*|[\w*-]+\.(?:py|tcss))`")
_FOLDER_OF_ROW = re.compile(r"\| `([\w/]+)/` \|")
# Below .orch/ of a project, or in the directory of an attempt.
_OF_A_PROJECT = (".orch/", "in/", "out/", "runs/<", "storage/<", "scheduling/records/", "saving/", "drafts/",
                 "history/<", "files/<id>", "alerts/outbox/", "alerts/seen/", "alerts/acknowledged/", "triggers/",
                 "locks/", "trash/", "storage/.quarantine/", "storage/.objects/", "definitions/")  # fmt: skip


def _paths(page: str) -> list[tuple[str, str]]:
    """Each path with the folder that its row of a table is about, if there is one."""
    found = []
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        row = _FOLDER_OF_ROW.match(line)
        found += [(row[1] if row else "", path) for path in _PATH.findall(line) if not path.startswith(_OF_A_PROJECT)]
    return found


def _is_there(path: str, folder: str) -> bool:
    """``*`` and ``<name>`` stand for anything; ``a/b.c`` is also what ``a/b.py`` defines as ``c``."""
    pattern = re.sub(r"<\w+>", "*", path).rstrip("/")
    if "/" not in path:
        # A name alone is that of a file in the row's folder, or of any.
        return any((PACKAGE / folder).rglob(pattern))
    places = [place for place in (ROOT, PACKAGE, PACKAGE / folder) if any(place.glob(pattern))]
    return bool(places) or _defines(pattern, folder)


def _defines(path: str, folder: str) -> bool:
    module, _, name = path.rpartition(".")
    files = [place / f"{module}.py" for place in (PACKAGE, PACKAGE / folder)]
    written = [file.read_text(encoding="utf-8") for file in files if module and file.is_file()]
    return any(re.search(rf"^(?:async )?(?:def|class) {re.escape(name)}\b", text, re.MULTILINE) for text in written)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_is_there(page: str) -> None:
    # GIVEN the paths of a page
    paths = _paths(page)
    assert len(paths) > 20
    # THEN each is one of the checkout, of the package, or of the folder that the row is about
    assert [path for folder, path in paths if not _is_there(path, folder)] == []


@pytest.mark.parametrize("path", ["model/gone.py", "model/plan.no_such", "gone.py", "components/<family>/gone.py"])
def test_what_is_gone_is_noticed(path: str) -> None:
    assert not _is_there(path, "")


_MOST_FILES = 5
"""That a search may lead to."""
_QUESTION = re.compile(r"\| ([^|]+\?) \| `([^`]+)` \| ([^|]+) \|")


def test_the_word_to_search_for_stands_in_the_files_that_answer_a_question() -> None:
    # GIVEN what people ask first, with a word and at most two files
    rows = _QUESTION.findall((ROOT / "docs/architecture.md").read_text(encoding="utf-8"))
    assert len(rows) >= 10
    searched = [*PACKAGE.rglob("*.py"), ROOT / "docs/contributing.md"]
    texts = {file: file.read_text(encoding="utf-8") for file in searched}
    for question, word, named in rows:
        paths = _PATH.findall(named)
        assert 1 <= len(paths) <= 2, question
        # THEN a search for the word leads to each of them, and to few others
        files = {next(place / path for place in (ROOT, PACKAGE) if (place / path).is_file()) for path in paths}
        found = {file for file, text in texts.items() if word in text}
        assert files <= found and len(found) <= _MOST_FILES, (question, sorted(map(str, found)))
