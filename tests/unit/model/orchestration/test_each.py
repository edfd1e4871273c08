"""What a task is run for: how it is written, and what its parts get."""

from __future__ import annotations

import pytest
from orch_tui.model.orchestration.each import Each, Item, array_of, list_items, number_of, part_id
from orch_tui.model.texts.text import valid_id


@pytest.mark.parametrize(
    ("written", "each"),
    [
        ("data/*.csv", Each(files="data/*.csv")),
        (" data/{{ day }}/*.csv ", Each(files="data/{{ day }}/*.csv")),
        ("{{ countries }}", Each(variable="countries")),
        ("{{countries}}", Each(variable="countries")),
        (["de", "fr"], Each(items=("de", "fr"))),
        ('["de", "fr"]', Each(items=("de", "fr"))),
        ([2024, True], Each(items=("2024", "true"))),
        ("[0-9]*.csv", Each(files="[0-9]*.csv")),
    ],
    ids=str,
)
def test_it_is_files_a_variable_or_a_list(written: str | list[object], each: Each) -> None:
    assert Each.of(written) == each
    # AND what is written of it means the same again, in a file and on one line
    assert Each.of(each.value) == each and Each.of(each.text) == each


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "it is empty"),
        ([], "it is empty"),
        ("/data/*.csv", "below the project"),
        ("../*.csv", "below the project"),
        (["de", ""], "value 2 is empty"),
        (["de", "de"], '"de" twice'),
        (["de", ["fr"]], "value 2 is no text"),
        (["a\nb"], "value 1 has a character that cannot be shown"),
        (["x" * 5000], "5000 characters"),
    ],
    ids=str,
)
def test_what_it_cannot_be_is_said(written: str | list[object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Each.of(written)


def test_the_text_of_a_variable_is_a_list_or_is_told_as_none() -> None:
    assert list_items('["de", 3, {"type": "date", "value": "2026-11-30"}]') == ("de", "3", "2026-11-30")
    assert list_items("[]") == ()
    with pytest.raises(ValueError, match=r'it is no list: write it like \["de", "fr"\], not "de, fr"'):
        list_items("de, fr")


def test_the_id_of_a_part_is_that_of_no_task() -> None:
    assert not valid_id(part_id("load", 3))
    assert (array_of("load@3"), number_of("load@3")) == ("load", 3)
    assert [number_of(text) for text in ("load", "load@", "load@0", "load@03", "@3", "load@x")] == [None] * 6


def test_what_is_kept_of_an_item_is_kept_of_no_other() -> None:
    keys = {Item("t", 1, text).key for text in ("a/b", "a-b", "a b", "x" * 500, "x" * 501, "ä")}
    assert len(keys) == 6 and all(map(valid_id, keys))


@pytest.mark.parametrize(
    ("file", "name", "stem"),
    [
        ("data/a.csv", "a.csv", "a"),
        ("a.tar.gz", "a.tar.gz", "a"),
        ("data/.hidden.csv", ".hidden.csv", ".hidden.csv"),
        ("data.d/plain", "plain", "plain"),
    ],
)
def test_a_part_of_a_file_knows_its_name_and_the_stem_of_it(file: str, name: str, stem: str) -> None:
    values = Item("t", 3, file, file=True).values
    assert values == {"item": file, "item_number": "3", "item_name": name, "item_stem": stem}
    # AND a part of anything else has none
    assert Item("t", 3, file).values == {"item": file, "item_number": "3"}
