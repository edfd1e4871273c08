from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from orch_tui.components.kit.checkpoint import Sent, content_key, sent_file
from orch_tui.components.kit.component import Context, UserError
from orch_tui.project.masking.redactor import Redactor

from tests.support.bench import Bench


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return Context(tmp_path / "data", tmp_path, "task", component="wr", configuration="c", run="r1")


def test_the_next_attempt_goes_on_after_what_was_confirmed(ctx: Context) -> None:
    # GIVEN an attempt that ended in the middle
    with Sent(ctx, "k") as first:
        first.mark(0, {"rows": 5, "rejected": 1})
        first.mark(1, {"rows": 4, "what": "text", "flag": True})
    # WHEN the next one begins
    with Sent(ctx, "k") as second:
        # THEN it knows how far that was, and has the same token
        assert (second.done, second.totals, second.discarded) == (2, {"rows": 9, "rejected": 1}, 0)
        assert second.token == first.token and len(second.token) == 32
        assert list(second.entries()) == [
            (0, {"rows": 5, "rejected": 1}),
            (1, {"rows": 4, "what": "text", "flag": True}),
        ]
        # WHEN everything is sent THEN nothing of it is left
        second.mark(2)
        second.clear()
    assert not sent_file(ctx).exists()
    with Sent(ctx, "k") as third:
        assert third.done == 0 and third.token != first.token


def test_the_file_is_private_and_holds_no_secret(ctx: Context) -> None:
    # GIVEN a redactor that knows a secret
    ctx.redactor = Redactor(["hunter2-hunter2"])
    # WHEN it is part of what a batch reports
    with Sent(ctx, "k hunter2-hunter2") as sent:
        sent.mark(0, {"reason": "no hunter2-hunter2 here"})
    # THEN the file does not have it, and only its owner reads it
    assert "hunter2" not in sent_file(ctx).read_text()
    assert sent_file(ctx).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("tail", [b'{"ba', b'{"batch": 2}', b"\0\0\0"])
def test_a_torn_last_line_is_cut_off(ctx: Context, tail: bytes) -> None:
    # GIVEN a file whose last line was being written when the machine stopped
    with Sent(ctx, "k") as sent:
        sent.mark(0)
        sent.mark(1)
    with sent_file(ctx).open("ab") as file:
        file.write(tail)
    # WHEN it is read THEN that batch counts as not sent, and the file goes on whole
    with Sent(ctx, "k") as sent:
        assert sent.done == 2
        sent.mark(2)
    assert [json.loads(line).get("batch") for line in sent_file(ctx).read_bytes().splitlines()] == [None, 0, 1, 2]


def test_a_torn_first_line_is_a_new_beginning(ctx: Context) -> None:
    # GIVEN a file that ends in its first line
    with Sent(ctx, "k"):
        pass
    path = sent_file(ctx)
    path.write_bytes(path.read_bytes()[:10])
    # WHEN it is read THEN nothing was sent
    with Sent(ctx, "k") as sent:
        assert sent.done == 0
        sent.mark(0)
    with Sent(ctx, "k") as sent:
        assert sent.done == 1


def test_another_input_begins_anew_and_says_so(ctx: Context) -> None:
    # GIVEN two batches of one input
    with Sent(ctx, "monday") as first:
        first.mark(0, {"rows": 5})
        first.mark(1, {"rows": 5})
    # WHEN another one is sent
    with Sent(ctx, "tuesday") as second:
        # THEN what was sent before does not count, and can be told
        assert (second.done, second.discarded, second.totals) == (0, 2, {})
        assert second.token != first.token
        second.mark(0)
    with Sent(ctx, "tuesday") as third:
        assert (third.done, third.discarded) == (1, 0)


@pytest.mark.parametrize("text", ["[]\n", 'no json\n{"batch": 0}\n'])
def test_a_damaged_file_is_an_error_that_says_what_to_do(ctx: Context, text: str) -> None:
    # GIVEN a file that somebody edited
    path = sent_file(ctx)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    # WHEN it is read THEN nothing is guessed
    with pytest.raises(UserError, match=r"\.orch/sent/wr/c\.jsonl, line 1, is damaged .* delete the file"):
        Sent(ctx, "k")


def test_a_gap_is_damage(ctx: Context) -> None:
    # GIVEN a file without the line of one batch
    with Sent(ctx, "k") as sent:
        for batch in range(3):
            sent.mark(batch)
    path = sent_file(ctx)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    # WHEN / THEN
    with pytest.raises(UserError, match="line 3"):
        Sent(ctx, "k")


def test_batches_are_confirmed_in_order(ctx: Context) -> None:
    # GIVEN / WHEN a batch is left out THEN that is a mistake in the program
    with Sent(ctx, "k") as sent, pytest.raises(ValueError, match="batch 1 was confirmed, 0 is the next"):
        sent.mark(1)


def test_without_resume_nothing_is_written_and_the_token_belongs_to_the_run(ctx: Context) -> None:
    # GIVEN / WHEN two attempts of one run, and another run, remember nothing
    with Sent(ctx, "k", resume=False) as first:
        first.mark(0, {"rows": 2})
        first.clear()
    with Sent(ctx, "k", resume=False) as second:
        assert second.done == 0
    ctx.run = "r2"
    with Sent(ctx, "k", resume=False) as other:
        pass
    # THEN attempts share a token and runs do not
    assert first.token == second.token != other.token
    assert first.totals == {"rows": 2} and not sent_file(ctx).exists()


def test_a_directory_that_cannot_be_written_is_a_sentence(ctx: Context) -> None:
    # GIVEN a file in the place of the directory
    (ctx.project / ".orch").write_text("")
    # WHEN / THEN
    with pytest.raises(UserError, match=r"\.orch/sent/wr/c\.jsonl cannot be used: Not a directory"):
        Sent(ctx, "k")


def test_the_key_changes_with_rows_and_parameters(tmp_path: Path) -> None:
    # GIVEN an input
    bench = Bench(tmp_path)
    table = bench.context({"t": "select 1 as a"}).only_input()
    before = content_key(table, {"b": 1, "a": [2]}, "x")
    # WHEN the parameters come in another order THEN it is the same; another value or row makes another
    assert content_key(table, {"a": [2], "b": 1}, "x") == before
    assert content_key(table, {"a": [2], "b": 2}, "x") != before
    table = bench.context({"t": "select 2 as a"}).only_input()
    assert content_key(table, {"b": 1, "a": [2]}, "x") != before


def test_a_killed_process_loses_nothing_that_was_confirmed(ctx: Context) -> None:
    # GIVEN a process that confirms batches as fast as it can
    program = (
        "import sys; from pathlib import Path; from orch_tui.components.kit.component import Context; "
        "from orch_tui.components.kit.checkpoint import Sent\n"
        "root = Path(sys.argv[1])\n"
        "with Sent(Context(root / 'data', root, 'task', component='wr', configuration='c'), 'k') as sent:\n"
        "    for batch in range(100_000):\n"
        "        sent.mark(batch); print(batch, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(ctx.project)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    # WHEN it is killed after some
    for line in process.stdout:
        if int(line) == 20:
            os.kill(process.pid, signal.SIGKILL)
            break
    confirmed = max([20, *(int(line) for line in process.stdout.read().splitlines()[:-1] if line.isdigit())])
    process.stdout.close()
    process.wait()
    # THEN every one that it told of is there
    with Sent(ctx, "k") as sent:
        assert sent.done > confirmed
