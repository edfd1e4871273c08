"""Which variables a script for ``/bin/sh`` puts into the arguments of programs, where every user can see them.

The grammar is POSIX's (https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html) as far as it says
what an argument is. What is given to the shell's own commands (``printf``, ``test``) stays in the shell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import NamedTuple

from orch_tui.model.dataclass import dataclass

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=")
_HERE = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([^\s;&|<>()]+))")
_SPECIAL = "@*123456789"
_OPENING = frozenset("if then else elif do while until ! { time".split())  # noqa: SIM905 - words of a language
_SKIPPED = frozenset("for case select function".split())  # noqa: SIM905
_TELLING = frozenset(("echo", "printf"))
_SETTING = frozenset("export readonly local declare typeset".split())  # noqa: SIM905
_WITHIN = frozenset(("exec", "command", "builtin"))
_OWN = (
    frozenset(
        """
        . : [ [[ alias bg break cd continue dirs eval exit false fc fg getopts hash history jobs kill let mapfile popd
        pushd pwd read readarray return set shift source test times trap true type ulimit umask unalias unset wait
        """.split()  # noqa: SIM905
    )
    | _TELLING
    | _SETTING
)


class Exposure(NamedTuple):
    """The variable ``name`` is in an argument of ``program``."""

    name: str
    program: str


def exposed_variables(script: str, names: Iterable[str]) -> list[Exposure]:
    """Those of ``names`` whose values the script puts into arguments, itself or by way of another variable."""
    parser = _Parser(script)
    commands = list(parser.commands())
    origin = {name: name for name in names}
    found: dict[Exposure, None] = {}
    # An assignment may stand below its use, in a loop or a function.
    for _ in range(3):
        for command in commands:
            for name, used in command.sets:
                source = next((origin[one] for one in sorted(used) if one in origin), None)
                if source is not None:
                    origin.setdefault(name, source)
            if command.program is not None and command.program not in parser.functions:
                exposed = (origin[name] for name in command.used if name in origin)
                found.update(dict.fromkeys(Exposure(name, command.program) for name in exposed))
    return list(found)


@dataclass(slots=True)
class _Word:
    """``text`` is what is known of it, ``used`` the variables whose values are in it."""

    text: str = ""
    used: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Command:
    """``program`` is None for one of the shell's own; ``sets`` are variables and what their values come from."""

    program: str | None = None
    used: set[str] = field(default_factory=set)
    sets: list[tuple[str, set[str]]] = field(default_factory=list)
    tells: set[str] = field(default_factory=set)


class _Parser:
    def __init__(self, script: str) -> None:
        self._text = script.replace("\\\n", "")
        self._at = 0
        self._here: list[str] = []
        self._nested: list[_Command] = []
        self.functions = frozenset(re.findall(r"([A-Za-z_][\w-]*)[ \t]*\([ \t]*\)", script))

    def commands(self) -> Iterator[_Command]:
        """All of them, also those within substitutions."""
        while self._at < len(self._text):
            words = self._words()
            yield from self._nested
            self._nested = []
            yield from _understood(words)

    def _words(self) -> list[_Word]:
        """The words up to the next separator."""
        words: list[_Word] = []
        while self._at < len(self._text):
            letter = self._text[self._at]
            if letter in " \t":
                self._at += 1
            elif letter == "#":
                self._at = self._end_of_line()
            elif letter == "\n":
                self._at += 1
                self._skip_here_documents()
                return words
            elif letter in ";&|()":
                self._at += 1
                return words
            elif letter in "<>":
                self._redirection()
            else:
                word = self._word()
                # "2>file": the number belongs to the redirection.
                if not (word.text.isdecimal() and self._text[self._at : self._at + 1] in ("<", ">")):
                    words.append(word)
        return words

    def _end_of_line(self) -> int:
        end = self._text.find("\n", self._at)
        return len(self._text) if end < 0 else end

    def _redirection(self) -> None:
        here = _HERE.match(self._text, self._at)
        if here is not None and not self._text.startswith("<<<", self._at):
            self._here.append(next(word for word in here.groups()[1:] if word is not None))
            self._at = here.end()
            return
        while self._text[self._at : self._at + 1] in ("<", ">", "&", "|", "-") and self._at < len(self._text):
            if self._text.startswith(("<(", ">("), self._at):
                self._at += 2
                return
            self._at += 1
        while self._text[self._at : self._at + 1] in (" ", "\t"):
            self._at += 1
        self._word()

    def _skip_here_documents(self) -> None:
        for delimiter in self._here:
            while self._at < len(self._text):
                end = self._end_of_line()
                line, self._at = self._text[self._at : end], end + 1
                if line.strip() == delimiter:
                    break
        self._here = []

    def _word(self) -> _Word:
        word, quoted = _Word(), False
        while self._at < len(self._text):
            letter = self._text[self._at]
            if letter == "\\":
                word.text += self._text[self._at + 1 : self._at + 2]
                self._at += 2
            elif letter == '"':
                quoted = not quoted
                self._at += 1
            elif letter == "'" and not quoted:
                end = self._text.find("'", self._at + 1)
                end = len(self._text) if end < 0 else end
                word.text += self._text[self._at + 1 : end]
                self._at = end + 1
            elif letter in "$`":
                self._expansion(word, letter)
            elif not quoted and letter in " \t\n;&|()<>":
                break
            else:
                word.text += letter
                self._at += 1
        return word

    def _expansion(self, word: _Word, letter: str) -> None:
        """What stands behind a dollar, or between backticks."""
        text, at = self._text, self._at
        if letter == "`":
            end = text.find("`", at + 1)
            end = len(text) if end < 0 else end
            self._substitution(word, text[at + 1 : end])
            self._at = end + 1
        elif text.startswith("$((", at) and text.startswith("))", end := _closing(text, at + 3)):
            # Without the second parenthesis it is a substitution that begins with a subshell.
            self._at = end + 2
        elif text.startswith("$(", at):
            end = _closing(text, at + 2)
            self._substitution(word, text[at + 2 : end])
            self._at = end + 1
        elif text.startswith("${", at):
            name = _NAME.match(text, at + 2)
            end = text.find("}", at)
            end = len(text) if end < 0 else end
            if name is not None and not re.match(r":?\+", text[name.end() : end]):
                word.used.add(name[0])
            self._at = end + 1
        else:
            name = _NAME.match(text, at + 1)
            if name is not None:
                word.used.add(name[0])
            elif text[at + 1 : at + 2] in tuple(_SPECIAL):
                word.used.add(text[at + 1])
            else:
                # Nothing is put in for "$?"; "$'…'" is read as a quoted text.
                word.text += "$"
                self._at = at + 1
                return
            self._at = name.end() if name is not None else at + 2

    def _substitution(self, word: _Word, script: str) -> None:
        inner = _Parser(script)
        commands = list(inner.commands())
        self._nested += commands
        self.functions |= inner.functions
        for command in commands:
            word.used |= command.tells


def _closing(text: str, at: int) -> int:
    """Where the parenthesis that stands before ``at`` is closed."""
    depth, quote = 1, ""
    while at < len(text):
        letter = text[at]
        if letter == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "()":
            depth += 1 if letter == "(" else -1
            if depth == 0:
                return at
        at += 1
    return len(text)


def _understood(words: list[_Word]) -> Iterator[_Command]:
    """A command of these words; nothing for those that only structure the script."""
    while words and words[0].text in _OPENING and not words[0].used:
        words = words[1:]
    command = _Command()
    while words and (assigned := _ASSIGNMENT.match(words[0].text)):
        command.sets.append((assigned[1], words[0].used))
        words = words[1:]
    if words and words[0].text == "for" and len(words) > 1:
        command.sets.append((words[1].text, set().union(*(word.used for word in words[2:]))))
    if words and words[0].text in _WITHIN:
        words = [word for word in words[1:] if not word.text.startswith("-")]
    if words and words[0].text not in _SKIPPED:
        _name(command, words)
    yield command


def _name(command: _Command, words: list[_Word]) -> None:
    program, used = words[0].text, set[str]().union(*(word.used for word in words))
    if program in _SETTING:
        for word in words[1:]:
            if assigned := _ASSIGNMENT.match(word.text):
                command.sets.append((assigned[1], word.used))
    elif program == "set":
        command.sets += [(name, used) for name in _SPECIAL]
    elif program in _TELLING:
        command.tells = used
    elif program not in _OWN:
        command.program, command.used = program or "a program", used
