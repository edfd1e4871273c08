"""References to secrets and variables in texts of any depth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.components.component import Component, ComponentType
from orch_tui.model.variables.references import (
    MissingSecrets,
    MissingVariables,
    escape_variables,
    fill_variables,
    possible_secrets,
    resolve_secrets,
    secret_names,
    secret_places,
    shell_secret_names,
    strange_references,
    unset_shell_names,
    used_secrets,
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
    # GIVEN references in lists and tables, escaped ones and things that only look like one
    value = {"a": ["x${TOKEN}y", {"b": "$${NOT} $${not} ${lower} ${_X1} $TOKEN ${} $${}"}], "${KEY}": 1}
    # WHEN names are collected and resolved
    # THEN only real references count, in small letters too, and the escape loses one dollar sign
    assert secret_names(value) == {"TOKEN", "lower", "_X1"}
    assert set(secret_places(value)) == {(("a", 0), "TOKEN"), (("a", 1, "b"), "lower"), (("a", 1, "b"), "_X1")}
    assert resolve_secrets(value, {"TOKEN": "t", "lower": "l", "_X1": ""}.get) == {
        "a": ["xty", {"b": "${NOT} ${not} l  $TOKEN ${} ${}"}],
        "${KEY}": 1,
    }


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("${my-pw}", ["${my-pw}"]),
        ("a ${db.pw} ${1x} b", ["${db.pw}", "${1x}"]),
        ("${ DB }", ["${ DB }"]),
        ("${}", ["${}"]),
        ("${NAME:-x}", ["${NAME:-x}"]),
        ("$${my-pw} $${}", []),
        ("${OK} ${ok} $x {y} ${", []),
        ("${a\nb}", []),
        ("{{ x }} ${{ y }}", []),
    ],
)
def test_what_is_no_reference_but_looks_like_one(text: str, strange: list[str]) -> None:
    assert [found for _, found in strange_references({"k": [text]})] == strange
    assert [path for path, _ in strange_references({"k": [text]})] == [("k", 0)] * len(strange)


SHELL = Component("command", "Command", ComponentType.APPLICATION, inline=True)
PYTHON = Component("python", "Python", ComponentType.TRANSFORMATION, programs=("script",))
PLAIN = Component("http", "HTTP", ComponentType.EXTRACTOR)


@pytest.mark.parametrize(
    ("component", "parameters", "needed", "possible"),
    [
        (PLAIN, {"a": "${db_pw} ${Db_Pw}"}, {"db_pw", "Db_Pw"}, set()),
        (PLAIN, {"command": "${x} ${Y}"}, {"x", "Y"}, set()),
        (SHELL, {"command": 'curl "${db_pw}" ${TOKEN}'}, {"TOKEN"}, {"db_pw"}),
        (SHELL, {"command": "for f in *; do echo ${f} ${db_pw}; done"}, set(), {"db_pw"}),
        (SHELL, {"command": "echo", "environment": {"A": "${db_pw}"}}, {"db_pw"}, set()),
        (SHELL, {"command": ["bash", "-c", "for f in *; do echo ${f}; done"]}, set(), {"f"}),
        (SHELL, {"command": ["curl", "${TOKEN}"]}, {"TOKEN"}, set()),
        (PYTHON, {"script": 'print(f"${price} ${TOKEN}")', "python": "${py}"}, {"TOKEN", "py"}, {"price"}),
    ],
)
def test_names_that_a_program_may_have_itself_are_no_missing_secrets(
    component: Component, parameters: dict[str, object], needed: set[str], possible: set[str]
) -> None:
    assert used_secrets(component, parameters) == needed
    assert possible_secrets(component, parameters) == possible


@pytest.mark.parametrize(
    ("script", "unset"),
    [
        ("echo ${db_pw}", {"db_pw"}),
        ('psql "${url}?p=${Db_Pw}"', {"url", "Db_Pw"}),
        ("x=1; echo ${x}", set()),
        ("local a b=2; echo ${a} ${b}", set()),
        ("declare -a list; echo ${list}", set()),
        ("read -r -p word line; echo ${line}", set()),
        ("printf -v out x; echo ${out}", set()),
        (": ${x:=5}; echo ${x}", set()),
        ("${x:-5} '${y}'", set()),
        (". ./env.sh; echo ${x}", set()),
        ('eval "$(cat f)"; echo ${x}', set()),
    ],
)
def test_names_that_nothing_in_a_script_sets(script: str, unset: set[str]) -> None:
    assert unset_shell_names(script) == unset


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
