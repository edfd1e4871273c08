"""References to secrets and variables in texts of any depth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.references import (
    MissingSecrets,
    MissingVariables,
    escape_variables,
    fill_variables,
    resolve_secrets,
    secret_names,
    shell_secret_names,
    variable_names,
)

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,8}", fullmatch=True)
plain = st.text(st.characters(exclude_characters="{}$", exclude_categories=["Cs"]), max_size=20)
anything = st.text(st.sampled_from("{}$ aAB_1-\n\\'\"é"), max_size=30)


def nested(texts: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    leaves = texts | st.integers() | st.booleans() | st.none()
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain, inner, max_size=3))


@given(nested(plain))
def test_values_without_references_stay_as_they_are(value: object) -> None:
    # GIVEN a value of any depth whose texts hold no reference
    # WHEN variables are filled and secrets resolved
    # THEN it is equal to what it was
    assert fill_variables(value, {}) == value
    assert resolve_secrets(value, lambda name: None) == value


@given(st.lists(st.tuples(plain, names), max_size=5), plain)
def test_filling_puts_every_value_in_place(parts: list[tuple[str, str]], value: str) -> None:
    # GIVEN a text made of plain parts and placeholders
    text = "".join(f"{before}{{{{ {name} }}}}" for before, name in parts)
    # WHEN it is filled
    filled = fill_variables([{"key": text}], {name: value for _, name in parts})
    # THEN the parts and values are there, and no placeholder is left
    assert filled == [{"key": "".join(before + value for before, _ in parts)}]
    assert variable_names(filled) == frozenset()


@given(anything)
def test_an_escaped_text_comes_back(text: str) -> None:
    # GIVEN any text, WHEN it is escaped and filled, THEN it is itself again
    assert variable_names(escape_variables(text)) == frozenset()
    assert fill_variables(escape_variables(text), {}) == text


def test_what_is_put_in_is_not_looked_at_again() -> None:
    # GIVEN values that look like references
    # WHEN they are put in
    # THEN they stay texts
    assert fill_variables("{{ a }}", {"a": "{{ b }}"}) == "{{ b }}"
    assert resolve_secrets("${A}", {"A": "${B}"}.get) == "${B}"


def test_missing_names_are_all_told_at_once() -> None:
    # GIVEN references without values
    # WHEN they are resolved, THEN the error has all names in order
    with pytest.raises(MissingVariables, match="a, b") as variables:
        fill_variables(["{{b}}", {"x": "{{ a }}"}], {"c": ""})
    assert variables.value.names == ("a", "b")
    with pytest.raises(MissingSecrets) as secrets:
        resolve_secrets({"x": "${B} ${A} ${C}"}, {"C": ""}.get)
    assert secrets.value.names == ("A", "B")


def test_secrets_at_any_depth_and_their_escape() -> None:
    # GIVEN references in lists and tables, an escaped one and things that only look like one
    value = {"a": ["x${TOKEN}y", {"b": "$${NOT} ${lower} $TOKEN ${}"}], "${KEY}": 1}
    # WHEN names are collected and resolved
    # THEN only real references count, and the escape loses one dollar sign
    assert secret_names(value) == {"TOKEN"}
    assert resolve_secrets(value, {"TOKEN": "t"}.get) == {
        "a": ["xty", {"b": "${NOT} ${lower} $TOKEN ${}"}],
        "${KEY}": 1,
    }


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("curl -H ${TOKEN} $OTHER", {"TOKEN"}),
        ('curl "a ${TOKEN}" ', {"TOKEN"}),
        ("echo '${TOKEN}' \\${A} $${B} # ${C}", set()),
        ("cat <<EOF\nit's ${TOKEN}\nEOF\n", {"TOKEN"}),
        ("X=1; echo ${X}", set()),
        ("export X=1\nfor Y in a b; do echo ${X}${Y}; done", set()),
        ("while read -r LINE REST; do echo ${LINE} ${REST}; done", set()),
        ("TOKEN=${TOKEN} run", {"TOKEN"}),
        ('PGPASSWORD="${DB_PASSWORD}" psql', {"DB_PASSWORD"}),
        ("COUNT=0; COUNT=$((${COUNT}+1))", set()),
        ("${A:-x} ${B-x} ${C:?no} ${D%.csv} ${E:+x}", {"C", "D"}),
        ("ls ${KBC_DATADIR}/in ${HOME} ${PWD}", set()),
        ('"$(echo "${A}")" a#${B}', {"A", "B"}),
    ],
)
def test_names_a_shell_script_takes_from_outside(script: str, expected: set[str]) -> None:
    # GIVEN a script, WHEN its references are collected, THEN only those it does not set itself are there
    assert shell_secret_names(script) == expected
