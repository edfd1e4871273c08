"""Data that outlives a task without the values of secrets: ``${NAME}`` stands for them on the disk, and only there.

Masking would make other data of it: what a task saved must come back to it as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from orch_tui.model.variables.references import MissingSecrets
from orch_tui.project.masking.ordinary import why_ordinary
from orch_tui.project.masking.redactor import Redactor

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_LONG = 12
"""Letters of a secret that no text has by chance, not even within a longer word."""
_DOLLARS = re.compile(rf"(\$+)(?=\{{{_NAME}\}})")
_REFERENCE = re.compile(rf"(\$+)\{{({_NAME})\}}")


class HiddenSecret(Exception):
    """A secret that no reference can stand for; ``name`` is its name, ``key`` where in the data it is."""

    def __init__(self, name: str, key: str) -> None:
        self.name = name
        self.key = key
        super().__init__(f"the secret {name} at {key}")


def with_references(value: Any, secrets: Mapping[str, str]) -> Any:
    """JSON data with ``${NAME}`` where a text (or a key) is a secret or has one as a part that stands by itself.

    ``secrets`` are values by name; short and ordinary ones are left as they are, see
    :mod:`orch_tui.project.masking.ordinary`, and so are numbers. A ``${NAME}`` that is in the data already gets another
    dollar, two get four; :func:`resolved` takes them away.

    Raises:
        HiddenSecret: one is there in another spelling (in base64, say), or only a part of it.
    """
    masked = {name: secret for name, secret in secrets.items() if why_ordinary(secret) is None}
    return _Keeper(masked).of(value, "")


def resolved(value: Any, lookup: Callable[[str], str | None]) -> Any:
    """The data that :func:`with_references` was given. Raises: MissingSecrets when ``lookup`` knows one no more."""
    missing: set[str] = set()

    def one(found: re.Match[str]) -> str:
        dollars, odd = divmod(len(found[1]), 2)
        if not odd:
            return f"{'$' * dollars}{{{found[2]}}}"
        secret = lookup(found[2])
        if secret is None:
            missing.add(found[2])
        return "$" * dollars + (secret or "")

    data = _map(value, lambda text: _REFERENCE.sub(one, text))
    if missing:
        raise MissingSecrets(missing)
    return data


def has_references(value: Any) -> bool:
    """True when :func:`resolved` would change something."""
    return bool(resolved(value, lambda name: f"\0{name}") != value)


class _Keeper:
    def __init__(self, secrets: Mapping[str, str]) -> None:
        longest_first = sorted(secrets.items(), key=lambda item: -len(item[1]))
        self._names = {secret: name for name, secret in reversed(longest_first)}
        self._secrets = re.compile("|".join(_pattern(secret) for _, secret in longest_first)) if secrets else None
        self._exact = re.compile("|".join(re.escape(secret) for _, secret in longest_first))
        self._redactor = Redactor(secrets.values())
        self._all = secrets

    def of(self, value: Any, key: str) -> Any:
        if isinstance(value, str):
            return self._text(value, key)
        if isinstance(value, Mapping):
            return {
                self._text(str(name), f"{key}.{name}"): self.of(item, f"{key}.{name}") for name, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.of(item, f"{key}[{number}]") for number, item in enumerate(value)]
        return value

    def _text(self, text: str, key: str) -> str:
        parts, at = [], 0
        for found in self._secrets.finditer(text) if self._secrets else ():
            before = text[at : found.start()]
            dollars = len(before) - len(before.rstrip("$"))
            parts += [_doubled(before[: len(before) - dollars]), "$" * 2 * dollars, f"${{{self._names[found[0]]}}}"]
            at = found.end()
        rest = [*parts[::3], text[at:]]
        # One that stands within a longer word is there by chance.
        if self._redactor and any(self._redactor.spans(self._exact.sub(" ", part).encode()) for part in rest):
            self._refuse(text, key)
        return "".join([*parts, _doubled(text[at:])])

    def _refuse(self, text: str, key: str) -> None:
        for name, secret in self._all.items():
            plain = self._exact.sub(" ", text)
            if Redactor([secret]).spans(plain.encode("utf-8", "surrogatepass")):
                raise HiddenSecret(name, self._redactor.text(key.removeprefix(".")) or "the top")


def _pattern(secret: str) -> str:
    """Not within a longer word or number, if the secret is one itself and not a long one."""
    before = r"(?<!\w)" if len(secret) < _LONG and secret[:1].isalnum() else ""
    after = r"(?!\w)" if len(secret) < _LONG and secret[-1:].isalnum() else ""
    return f"{before}{re.escape(secret)}{after}"


def _doubled(text: str) -> str:
    return _DOLLARS.sub(lambda found: found[1] * 2, text)


def _map(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(str(key)): _map(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_map(item, change) for item in value]
    return value
