"""What is said of an end that may be none, and of records that the server counts and did not give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from orch_tui.components.http.json.json_path import MISSING
from orch_tui.components.http.paging.evidence import hint_of_more, hint_of_total
from orch_tui.components.http.paging.settings import COUNTED, Pagination
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from orch_tui.components.http.paging.page import Page


class Remarks:
    """Sentences about the pages of ``where`` (``GET https://…``), to ``warn`` and ``log``."""

    def __init__(
        self, settings: Pagination, where: str, warn: Callable[[str], None], log: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._where = where
        self._warn = warn
        self._log = log

    def warn(self, text: str) -> None:
        self._warn(f"{self._where}: {text}")

    def tell_of_total(self, what: str) -> None:
        """The second page is none, and only a total says that this is the end."""
        self.warn(
            f"{what}, which is taken for the end, since the first page has as many records as "
            f'"{self._settings.total_path}" says; correct total_path if that is the number of records in a page'
        )

    def tell_if_unsure(self, page: Page, value: Any, *, all_read: bool) -> None:
        """A first page without a mark looks like the only one, and like a mark that is looked for in a wrong place."""
        settings, count = self._settings, page.records.count
        full = settings.page_size is None or count >= settings.page_size
        if value is not MISSING or page.number > 1 or not count or not full or all_read or settings.last_path:
            return
        name = "cursor_path" if settings.type == "cursor" else "next_path"
        path = settings.cursor_path or settings.next_path
        nothing = f'nothing at "{safe_line(path, 80)}"' if path else "no Link header"
        hint = hint_of_more(page.records.envelope, page.response)
        named = f"; {hint} seems to name a next page" if hint else ""
        self.warn(
            f"page 1 has {count} records and {nothing}, so it is taken for the only page, which cannot be told from a "
            f"wrong {name}{named}; set limit_param and limit, or total_path, if that is right"
        )

    def tell_of_more(self, page: Page, reached: int, totals: Sequence[int]) -> None:
        """An end that is only the settings', where the answer names a next page all the same."""
        settings = self._settings
        if settings.type == "none" and "max_pages" in settings.model_fields_set:
            return
        envelope, response = page.records.envelope, page.response
        if hint := hint_of_more(envelope, response):
            says = 'type = "none"' if settings.type == "none" else 'stop = "short"'
            self.warn(
                f"{hint} of page {page.number} seems to name a next page, which is not read, since pagination has "
                f"{says}; correct it, or set max_pages = 1 if one page is enough"
            )
        found = hint_of_total(envelope, response)
        if found and not totals and found[1] > reached:
            self._log(f'"{safe_line(found[0], 80)}" of the answer is {found[1]}, and {reached} records were read')

    def compare(self, reached: int, totals: Sequence[int], end: str, *, largest_page: int) -> None:
        """Compare what was read with the totals of all answers. Raises: UserError when records are missing."""
        settings = self._settings
        if settings.total_path is None:
            return
        if not totals:
            self._warn(f'no answer has a number at "{settings.total_path}"; correct total_path of pagination')
            return
        name, last = f'"{settings.total_path}"', totals[-1]
        if reached < last:
            sentence = f"{name} says that there are {last} records, and {reached} came (the end: {end})"
            if settings.incomplete == "fail":
                raise UserError(
                    f"{self._where}: {sentence}; correct pagination, run the task again, or set incomplete = "
                    '"warn" to take what came'
                )
            self.warn(sentence)
        elif reached > last and last <= largest_page:
            # The "total" of a server that counts the records of a page.
            self._log(f"{self._where}: {name} says {last}, and {reached} records came")
        elif reached > last:
            self.warn(
                f"{name} says that there are {last} records, and {reached} came, so some may have come twice; correct "
                "pagination, or total_path if that is no number of all records"
            )
        elif settings.type in COUNTED and last < totals[0]:
            self.warn(
                f"{name} went from {totals[0]} to {last} while pages were read: what was removed moved the records "
                "behind it, so some may have been passed over; run the task again"
            )
