"""What a terminal sends, as text and whole sequences: noise ends nothing, and is never typed as commands."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from orch_tui.tui.textual_patches.driver import is_known
from orch_tui.tui.textual_patches.terminal_input import ALONE_SECONDS, CUT_SECONDS, TerminalInput
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS

_X10_OF_COLUMN_130 = b"\x1b[M \xa2\x27"
_X10_THAT_READS_AS_A_LETTER = b"\x1b[M \xc3\xa1"


class Feeding:
    """An input with a clock; all that came of it."""

    def __init__(self) -> None:
        self.input = TerminalInput(is_known)
        self.now = 0.0

    def feed(self, *reads: bytes) -> str:
        return "".join(piece for read in reads for piece in self.input.feed(read, self.now))

    def wait(self, seconds: float) -> str:
        self.now += seconds
        return "".join(self.input.waited(self.now))


@pytest.mark.parametrize(
    ("noise", "left"),
    [
        (b"\xe9a", "a"),
        (b"\x80", ""),
        (b"caf\xe9\r", "caf\r"),
        (b"\xff\xfe\x00q", "\x00q"),
        (b"\xc3\x28", "("),
        (b"\xed\xa0\x80b", "b"),
        (b"\xf5\x80\x80\x80b", "b"),
        (b"\xc3\x1b[A", "\x1b[A"),
    ],
)
def test_what_is_not_utf8_is_left_out_and_said(noise: bytes, left: str) -> None:
    feeding = Feeding()
    assert feeding.feed(noise) == left
    assert feeding.feed(b"z") == "z"
    assert feeding.input.not_utf8


def test_half_a_character_that_stays_half_is_left_out_and_said() -> None:
    feeding = Feeding()
    assert feeding.feed(b"\xe9") == "" and not feeding.input.not_utf8
    assert feeding.wait(CUT_SECONDS) == "" and feeding.input.not_utf8
    assert feeding.feed(b"a") == "a"


@pytest.mark.parametrize("text", ["é", "€", "😀", "ß", "日本"])
def test_a_character_over_two_reads_is_whole(text: str) -> None:
    for cut in range(1, len(text.encode())):
        feeding = Feeding()
        assert feeding.feed(text.encode()[:cut], text.encode()[cut:]) == text
        assert not feeding.input.not_utf8


@pytest.mark.parametrize(
    "report", [_X10_OF_COLUMN_130, _X10_THAT_READS_AS_A_LETTER, b"\x1b[M !!", b"\x1b[M\xff\xff\xff"]
)
def test_a_mouse_in_x10s_form_is_left_out_and_eats_no_key(report: bytes) -> None:
    feeding = Feeding()
    assert feeding.feed(report + b"q") == "q"
    assert not feeding.input.not_utf8
    for cut in range(2, len(report)):
        assert Feeding().feed(report[:cut], report[cut:] + b"q") == "q"


@pytest.mark.parametrize("sequence", [key for key in ANSI_SEQUENCES_KEYS if key.startswith("\x1b")])
def test_keys_of_all_terminals_come_through(sequence: str) -> None:
    # WHEN the keys are pressed, one after the other
    feeding = Feeding()
    came = feeding.feed(sequence.encode(), b"") + feeding.wait(CUT_SECONDS)
    # THEN they are what was pressed: Escape before another one, and letters beyond ASCII, are told apart later
    assert came == sequence or (sequence == "\x1b§" and came == "§")


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[<0;12;5M",
        "\x1b[<35;200;60m",
        "\x1b[I",
        "\x1b[O",
        "\x1b[?2026;2$y",
        "\x1b[97;5u",
        "\x1b[48;40;120;800;1200t",
    ],
)
def test_a_sequence_in_pieces_is_given_whole(sequence: str) -> None:
    for cut in range(2, len(sequence)):
        feeding = Feeding()
        assert feeding.feed(sequence[:cut].encode()) == ""
        assert feeding.wait(ALONE_SECONDS / 2) == ""
        assert feeding.feed(sequence[cut:].encode()) == sequence


@pytest.mark.parametrize(
    "cut", [b"\x1b[<35;1", b"\x1b[<0;9999", b"\x1b[M!", b"\x1b[1;", b"\x1b]11;rgb:00", b"\x1bP1$r0", b"\x1b[?2026;"]
)
def test_a_sequence_that_stays_cut_is_never_typed(cut: bytes) -> None:
    feeding = Feeding()
    assert feeding.feed(cut) == ""
    assert feeding.wait(CUT_SECONDS) == ""
    assert feeding.feed(b"j") == "j"
    assert Feeding().feed(cut + b"\x1b[B") == "\x1b[B"


@pytest.mark.parametrize(
    "answer",
    [
        b"\x1b[?62;22c",
        b"\x1b[0n",
        b"\x1b[>41;370;0c",
        b"\x1b]11;rgb:1e1e/1e1e/2e2e\x07",
        b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
        b"\x1bP1$r0m\x1b\\",
        b"\x1b[1;1;99999999u",
        b"\x1b[97:65;1u",
        b"\x1b[97;1;55296u",
        b"\x1b[48;0;0;0;0t",
        b"\x1b[48;99999;99999;1;1t",
    ],
)
def test_answers_and_sequences_that_mean_nothing_are_left_out(answer: bytes) -> None:
    assert Feeding().feed(answer + b"j") == "j"
    for cut in range(2, len(answer)):
        assert Feeding().feed(answer[:cut], answer[cut:] + b"j") == "j"


def test_escape_alone_is_a_key_after_a_moment() -> None:
    feeding = Feeding()
    assert feeding.feed(b"\x1b") == ""
    assert feeding.wait(ALONE_SECONDS) == "\x1b"
    assert feeding.feed(b"[A") == "[A"


@pytest.mark.parametrize("keys", ["\x1b[", "\x1bO"])
def test_alt_and_the_beginning_of_a_sequence_is_a_key_after_a_moment(keys: str) -> None:
    feeding = Feeding()
    assert feeding.feed(keys.encode()) == ""
    assert feeding.wait(ALONE_SECONDS) == keys


def test_a_paste_is_text_whatever_is_in_it() -> None:
    feeding = Feeding()
    pasted = b"\x1b[200~one\x1b[Atwo\x1b]0;title\x07\xe9\x1b[201~"
    assert feeding.feed(pasted + b"\x1b[A") == "\x1b[200~one[Atwo]0;title\x07\x1b[201~\x1b[A"
    for cut in range(2, len(pasted)):
        assert Feeding().feed(pasted[:cut], pasted[cut:]) == "\x1b[200~one[Atwo]0;title\x07\x1b[201~"


@pytest.mark.parametrize("key", [b"\x03", b"\x1b[27u", b"\x1b[99;5u"])
def test_a_paste_whose_end_was_lost_is_ended_by_a_key(key: bytes) -> None:
    feeding = Feeding()
    feeding.feed(b"\x1b[200~", b"jjj")
    assert feeding.feed(key) == "\x1b[201~"
    assert feeding.feed(b"\x1b[A") == "\x1b[A"


def test_escape_as_one_byte_ends_a_paste_whose_end_was_lost() -> None:
    feeding = Feeding()
    feeding.feed(b"\x1b[200~jjj")
    assert feeding.feed(b"\x1b") == "" and feeding.wait(CUT_SECONDS) == "\x1b[201~"


_NOISE = st.lists(
    st.one_of(
        st.binary(max_size=8),
        st.sampled_from(
            [b"\x1b", b"\x1b[", b"\x1b[M", b"\x1b]1", b"\x1bP1", b"\x1b[200~", b"\x1b[201~", b"\x1b[<0;1;1M"]
        ),
    ),
    max_size=12,
)


@given(_NOISE, st.data())
@example([b"\x1b[200~", b"\x1b[M"], None)
def test_noise_is_the_same_however_it_is_cut(noise: list[bytes], data: st.DataObject | None) -> None:
    # GIVEN any bytes at all, in one read WHEN they come in other pieces, without a pause
    whole = b"".join(noise)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=4))) if data is not None else []
    ends = [*cuts, len(whole)]
    pieces = [whole[start:end] for start, end in zip([0, *cuts], ends, strict=True) if end > start]
    one, several = Feeding(), Feeding()
    if any(piece == b"\x03" for piece in pieces):
        return
    # THEN they mean the same
    came = one.feed(whole) + one.wait(CUT_SECONDS)
    assert several.feed(*pieces) + several.wait(CUT_SECONDS) == came
    # and the next key is one again, once a paste that was begun has ended
    one.feed(b"\x1b[201~")
    assert one.feed(b"\x1b[A") == "\x1b[A"
