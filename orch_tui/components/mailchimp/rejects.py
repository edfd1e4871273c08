"""The contacts that were not taken: counted, the first in the log, all of them in a file and perhaps in a table."""

from __future__ import annotations

import csv
import re
from collections import Counter
from types import TracebackType

from orch_tui.components.kit.component import Context
from orch_tui.components.kit.sql import connect
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import output_files
from orch_tui.storage.duckdb import scan
from orch_tui.storage.values.parquet import write_parquet

_SHOWN = 20
_COUNTED = 100
"""Different reasons that are counted; Mailchimp has a few, but its words may hold values of a row."""
_ADDRESS = re.compile(r"[^\s\"'<>(),;:]+@[^\s\"'<>(),;:]+")
_HEADER = ("row", "email_address", "reason")


class Rejects:
    """``out/files/rejected.csv`` of the attempt. A context manager."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self.path = output_files(ctx.data_dir) / "rejected.csv"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("w", encoding="utf-8", newline="")
        self.path.chmod(0o600)
        self._csv = csv.writer(self._file)
        self._csv.writerow(_HEADER)
        self.count = 0
        self._reasons: Counter[str] = Counter()

    def __enter__(self) -> Rejects:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, row: int, address: str, reason: str) -> None:
        """One more; ``reason`` may be Mailchimp's own words."""
        reason = safe_line(self._ctx.redactor.text(reason), 300)
        self._csv.writerow((row, safe_line(address), reason))
        self.count += 1
        sentence = f"{safe_line(address, 100) or 'no address'} (row {row}): {reason}"
        known = _without_addresses(reason, address)
        if known in self._reasons or len(self._reasons) < _COUNTED:
            self._reasons[known] += 1
        if self.count <= _SHOWN:
            self._ctx.log(f"rejected: {sentence}")
        elif self.count == _SHOWN + 1:
            self._ctx.log("rejected: further ones are only in the file out/files/rejected.csv")

    @property
    def why(self) -> str:
        """The most frequent reason, for a message: screens and result.json get no address of a contact."""
        ((reason, count),) = self._reasons.most_common(1) or [("", 0)]
        return f"{count} of them: {reason}" if count < self.count else reason

    @property
    def shown(self) -> str:
        """The file as a message names it: relative to the project."""
        project = self._ctx.project
        return str(self.path.relative_to(project)) if self.path.is_relative_to(project) else str(self.path)

    def finish(self) -> None:
        """Close the file, name it in result.json, and write the output table if one is declared.

        Raises:
            UserError: more than one output is declared.
        """
        self._file.close()
        if self.count:
            self._ctx.files.append({"path": self.shown, "rows": self.count, "bytes": self.path.stat().st_size})
        if not self._ctx.outputs:
            return
        output = self._ctx.only_output()
        con = connect(self._ctx, memory_limit="256MB")
        try:
            columns = "{'row': 'BIGINT', 'email_address': 'VARCHAR', 'reason': 'VARCHAR'}"
            options = ("header = true", "delim = ','", "quote = '\"'", "escape = '\"'", "nullstr = '\\N'")
            source = scan("read_csv", [self.path], "auto_detect = false", f"columns = {columns}", *options)
            query = f"select * replace (nullif(email_address, '') as email_address) from {source}"
            write_parquet(con, query, output.path)
        finally:
            con.close()

    def check_outputs(self) -> None:
        """Raises: UserError when there are more outputs than the one for rejected contacts."""
        if len(self._ctx.outputs) > 1:
            raise UserError(
                "nothing was sent: this component writes at most one table, that of the rejected contacts; declare "
                "one output or none"
            )


def _without_addresses(reason: str, address: str) -> str:
    """Mailchimp's words often begin with the address that it does not take."""
    text = reason.replace(address, "the address") if "@" in address else reason
    text = _ADDRESS.sub("the address", text)
    return text[:1].lower() + text[1:] if text.startswith("The ") else text
