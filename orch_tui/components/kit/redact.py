"""Secrets taken out of everything a task writes, in the forms they take on the way."""

from __future__ import annotations

import base64
import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

MIN_SECRET = 4
"""Characters. A shorter value would mangle the log and hides nothing."""
_MIN_PIECE = 8
"""Characters of the lines of a multi-line secret (PEM) that are secrets of their own."""
_MIN_CORE = 6
"""Characters of a base64 fragment that are told from chance."""
_PROBE = 8
"""Bytes of a form that are searched for before a whole suffix is compared."""
_MASKS = "*#~-=+.:!%@^&_|<>?/"


def secret_forms(value: str) -> set[str]:
    """Every text that gives the secret away: itself, URL-quoted, JSON-escaped, base64, the lines of a PEM block.

    The base64 forms are the characters that depend on the secret alone at each of the three alignments, so a longer
    text that contains it (``user:secret`` of a Basic header, say) is found too.
    """
    stripped = value.strip("\r\n")
    if len(stripped) < MIN_SECRET:
        return set()
    pieces = {stripped}
    if "\n" in stripped:
        lines = (line.strip() for line in stripped.splitlines())
        pieces |= {line for line in lines if len(line) >= _MIN_PIECE and not line.startswith("-----")}
    forms: set[str] = set()
    for piece in pieces:
        forms.add(piece)
        quoted = {quote(piece, safe="", errors="replace"), quote(piece, errors="replace")}
        quoted.add(quote_plus(piece, errors="replace"))
        forms |= quoted | {re.sub("%[0-9A-F]{2}", lambda found: found.group().lower(), form) for form in quoted}
        forms |= {json.dumps(piece)[1:-1], json.dumps(piece, ensure_ascii=False)[1:-1]}
        forms |= _base64_forms(piece.encode("utf-8", "surrogateescape"))
    return {form for form in forms if len(form) >= MIN_SECRET}


def _base64_forms(data: bytes) -> set[str]:
    forms = set()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        forms.add(encode(data).decode())
        for shift in range(3):
            text = encode(b"\0" * shift + data).decode()
            core = text[math.ceil(shift * 8 / 6) : (shift + len(data)) * 8 // 6]
            if len(core) >= _MIN_CORE:
                forms.add(core)
    return forms


class Redactor:
    """Replaces the forms of secrets, in texts, in JSON values and (:class:`StreamRedactor`) in byte streams."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        texts = {form for secret in secrets for form in secret_forms(secret)}
        # A form that contains another one is found by it, but masked completely only by itself.
        self.forms = tuple(sorted((form.encode("utf-8", "surrogateescape") for form in texts), key=len, reverse=True))
        self.longest = max((len(form) for form in self.forms), default=0)
        used = b"".join(self.forms)
        # No form contains the mask's character, so masking can never put a form together.
        self.mask = next((mark.encode() for mark in _MASKS if mark.encode() not in used), b"*") * 5

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Redactor:
        """For the variables that ``ORCH_SECRETS`` names ("NAME,NAME"); none when it is missing."""
        env = os.environ if environment is None else environment
        names = (name.strip() for name in env.get("ORCH_SECRETS", "").split(","))
        return cls(env[name] for name in names if name and name in env)

    def __bool__(self) -> bool:
        return bool(self.forms)

    def text(self, text: str) -> str:
        """``text`` with every form masked."""
        if not self.forms:
            return text
        stream = StreamRedactor(self)
        done = stream.feed(text.encode("utf-8", "surrogatepass")) + stream.finish()
        return done.decode("utf-8", "surrogatepass")

    def value(self, value: Any) -> Any:
        """A JSON value with every text in it masked, keys as well."""
        if not self.forms:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool) and self.text(str(value)) != str(value):
            return self.mask.decode()
        return value

    def spans(self, data: bytes) -> list[tuple[int, int]]:
        """Where forms are in ``data``: sorted, overlapping ones as one."""
        found: list[tuple[int, int]] = []
        for form in self.forms:
            at = data.find(form)
            while at >= 0:
                start, end = at, at + len(form)
                # A form that overlaps itself ("aaaa" in a line of them) is one span, however long the line is.
                while 0 <= (at := data.find(form, at + 1)) < end:
                    end = at + len(form)
                found.append((start, end))
        found.sort()
        merged: list[tuple[int, int]] = []
        for start, end in found:
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged

    def open_end(self, data: bytes) -> int:
        """Where the longest suffix of ``data`` starts that may be the beginning of a form; its length if none."""
        end = len(data)
        best = end
        for form in self.forms:
            first = max(0, end - len(form) + 1)
            at = data.find(form[:_PROBE], first) if len(form) > _PROBE else -1
            while 0 <= at < best:
                if form.startswith(data[at:]):
                    best = at
                    break
                at = data.find(form[:_PROBE], at + 1)
            for size in range(min(_PROBE - 1, len(form) - 1, end), end - best, -1):
                if form.startswith(data[end - size :]):
                    best = end - size
                    break
        return best


class StreamRedactor:
    """Masks forms in a stream that arrives in pieces, also those split over pieces. Holds back less than a form."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = b""
        # Leading bytes of what is held that belong to a form already masked in the output.
        self._masked = 0

    def feed(self, data: bytes) -> bytes:
        """What can be written now."""
        if not self._redactor.forms:
            return data
        data = self._held + data
        cut = self._redactor.open_end(data)
        return self._emit(data, cut)

    def finish(self) -> bytes:
        """The rest, at the end of the stream."""
        return self._emit(self._held, len(self._held))

    def _emit(self, data: bytes, cut: int) -> bytes:
        mask, at = self._redactor.mask, self._masked
        out: list[bytes] = []
        for start, end in self._redactor.spans(data):
            if start < at:
                # Goes on from a form that is masked already.
                at = max(at, end)
            elif start >= cut:
                break
            else:
                out += [data[at:start], mask]
                at = end
        out.append(data[at:cut])
        self._held, self._masked = data[cut:], max(0, at - cut)
        return b"".join(out)
