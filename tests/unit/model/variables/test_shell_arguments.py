"""Secrets in the arguments of programs are found in a script, and those that stay in the shell are not told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.model.variables.shell_arguments import exposed_variables

from tests.support.effort import examples


@pytest.mark.parametrize(
    ("script", "program"),
    [
        ('curl -H "Authorization: Bearer $TOKEN" https://example.com', "curl"),
        ("curl -u me:${TOKEN} x", "curl"),
        ("psql postgres://me:$TOKEN@db/x", "psql"),
        ("true && mysql -p$TOKEN", "mysql"),
        ("if [ -n x ]; then curl $TOKEN; fi", "curl"),
        ('while read -r line; do post "$line" ${TOKEN%x}; done < list', "post"),
        ("a | b --token=$TOKEN | c", "b"),
        ("X=1 tool $TOKEN", "tool"),
        ("exec tool $TOKEN", "tool"),
        ("command -p tool $TOKEN", "tool"),
        ("env T=$TOKEN tool", "env"),
        ("sudo -u me tool $TOKEN", "sudo"),
        ('sh -c "tool $TOKEN"', "sh"),
        ("/usr/bin/printf %s $TOKEN", "/usr/bin/printf"),
        ("x=$(tool $TOKEN)", "tool"),
        ("x=`tool $TOKEN`", "tool"),
        ('curl -H "Basic $(printf "me:$TOKEN" | base64)" x', "curl"),
        ('header="Bearer $TOKEN"\ncurl -H "$header" x', "curl"),
        ("export H=$TOKEN; K=$H; tool $K", "tool"),
        ("for t in $TOKEN; do tool $t; done", "tool"),
        ('set -- -H "$TOKEN"; curl "$@"', "curl"),
        ("(tool $TOKEN)", "tool"),
        ("{ tool $TOKEN; }", "tool"),
        ("! tool $TOKEN", "tool"),
        ("tool a \\\n  $TOKEN", "tool"),
        ("cat <<EOF\nx\nEOF\ntool $TOKEN", "tool"),
        ("tool 2>err.txt $TOKEN", "tool"),
        ("$TOOL $TOKEN", "a program"),
        # What ends before the secret: a substitution, with parentheses of its own or quoted ones, and expansions.
        ("tool $(a) $TOKEN", "tool"),
        ("tool $( (a); (b) ) $TOKEN", "tool"),
        ("tool $(a ')') $TOKEN", "tool"),
        ('tool $(a ")" \'"\') $TOKEN', "tool"),
        ("tool $(a \\)) $TOKEN", "tool"),
        ("tool $(a '\\') $TOKEN", "tool"),
        ("tool `a` $TOKEN", "tool"),
        ("tool $((1 + (2))) $TOKEN", "tool"),
        ("tool $(((1 + 2) * (3))) $TOKEN", "tool"),
        ("tool $((a); other $TOKEN)", "other"),
        ("tool ${x} $TOKEN", "tool"),
        ("tool '$x' $TOKEN", "tool"),
        ("tool $? $TOKEN", "tool"),
        ("tool a#b $TOKEN", "tool"),
        ("tool \\$x $TOKEN", "tool"),
        ("tool 2> err $TOKEN", "tool"),
        ("tool <<A <<B\na\nA\nb\nB\nother $TOKEN", "other"),
    ],
)
def test_a_secret_in_an_argument_is_found(script: str, program: str) -> None:
    assert [(found.name, found.program) for found in exposed_variables(script, ["TOKEN"])] == [("TOKEN", program)]


@pytest.mark.parametrize(
    "script",
    [
        'printf \'header = "Authorization: Bearer %s"\\n\' "$TOKEN" | curl -K - https://example.com',
        'curl -K - x <<EOF\nheader = "Authorization: Bearer $TOKEN"\nEOF\n',
        "curl -K - x <<-EOF\n\theader = $TOKEN\n\tEOF\n",
        'tool <<< "$TOKEN"',
        "tool < file.$TOKEN > out.$TOKEN 2>&1",
        "PGPASSWORD=$TOKEN psql -h db",
        "export T=$TOKEN; tool",
        "echo $TOKEN > f; curl --header @f x",
        '[ -n "$TOKEN" ] || exit 1',
        "test ${#TOKEN} = 12",
        "tool ${TOKEN:+set}",
        "tool '$TOKEN' \\$TOKEN",
        "tool # $TOKEN",
        "sh -c 'tool $TOKEN'",
        'f() { echo "$1"; }; f $TOKEN',
        "case $TOKEN in x) tool;; esac",
        "tool $OTHER $TOKENS $((TOKEN))",
        'n=$(printf %s "$TOKEN" | wc -c); tool done',
        'cd "$TOKEN" && tool',
        "",
    ],
)
def test_what_stays_in_the_shell_is_not_told(script: str) -> None:
    assert exposed_variables(script, ["TOKEN"]) == []


@given(script=st.text("a$TOKEN{}()'\"`\\<>|&;# \n=-@1", max_size=60))
@settings(max_examples=examples(500), deadline=None)
def test_any_text_has_an_end(script: str) -> None:
    # GIVEN any text / WHEN it is read / THEN it is, and only what was asked for is told
    assert {found.name for found in exposed_variables(script, ["TOKEN"])} <= {"TOKEN"}


@pytest.mark.parametrize("end", ["\\", "'", '"', "$(", '"$(', "$(x \\", "$(x '\\", '$(x "\\'])
def test_a_script_may_end_in_the_middle(end: str) -> None:
    # GIVEN a script that no shell would run to its end THEN what stands before that is found all the same
    assert [one.program for one in exposed_variables(f"tool $TOKEN; other {end}", ["TOKEN"])] == ["tool"]
