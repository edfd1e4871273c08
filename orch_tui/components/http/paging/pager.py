"""The step from one page to the next: what to ask for, what shows that there is nothing, and what is no progress.

An end needs a reason: the server says so, a page is empty, or the user said that a short page is one. What looks like
an end and may be none (a mark that is missing on the very first page) is told; a page that comes again is never read
twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from orch_tui.components.http.json.exact_json import Number
from orch_tui.components.http.json.json_path import MISSING, at_path
from orch_tui.components.http.paging.evidence import (
    found_at,
    is_true,
    next_link,
    whole_number,
)
from orch_tui.components.http.paging.links import BadLink
from orch_tui.components.http.paging.remarks import Remarks
from orch_tui.components.http.paging.settings import COUNTED, Call, Pagination
from orch_tui.components.http.wire.addresses import linked
from orch_tui.components.http.wire.failures import MAYBE_TWICE
from orch_tui.model.errors import UserError

if TYPE_CHECKING:
    from orch_tui.components.http.json.stream import RecordStream
    from orch_tui.components.http.paging.page import Page

_STALE = 10
"""Pages in a row that were all read before: the server goes in a circle."""


class Doubt(Enum):
    """Why the next page may hold only what was read already."""

    REPEAT = "the request is the same as the one before"
    TOTAL = "all records that the server counts were read"


class Pager:
    """Decides on each page. ``end`` says why there is no further one; ``doubt`` is about the page asked for next."""

    def __init__(
        self, settings: Pagination, where: str, warn: Callable[[str], None], log: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._where = where
        self._remarks = Remarks(settings, where, warn, log)
        self._read = 0
        self._largest_page = 0
        self._totals: list[int] = []
        self._empty = 0
        self._stale = 0
        self._before: bytes | None = None
        self._contents: set[bytes] = set()
        self._mark: str | None = None
        self._marks: set[str] = set()
        # Pages that differ at one and the same mark: the server itself remembers where we are.
        self._stateful = False
        self._twice: int | None = None
        self._told_of_repeats = False
        self.doubt: Doubt | None = None
        self.end = ""

    def first(self, call: Call) -> Call:
        """The request for the first page."""
        settings = self._settings
        if settings.type == "none":
            return call
        if settings.limit_param:
            call = call.having(settings.limit_param, settings.limit, settings.place)
        if settings.type == "offset":
            return call.having(settings.offset_param, settings.start or 0, settings.place)
        if settings.type == "page":
            return call.having(settings.page_param, self._first_page, settings.place)
        return call

    @property
    def by_server(self) -> bool:
        """Whether the next request may not be repeated: to ask with the same mark again may give another page."""
        return self._stateful or self.doubt is Doubt.REPEAT

    @property
    def _first_page(self) -> int:
        return 1 if self._settings.start is None else self._settings.start

    @property
    def _reached(self) -> int:
        """How many of the records that a total counts are behind us."""
        skipped = self._settings.start or 0 if self._settings.type == "offset" else 0
        return self._read + skipped

    @property
    def _all_read(self) -> bool:
        """By the total, which may be something else: the records of a page, a lower bound, an old number."""
        return bool(self._totals) and self._reached >= self._totals[-1]

    @property
    def _just_all_read(self) -> bool:
        """By a total that was the same on every page, and is reached exactly."""
        return len(set(self._totals)) == 1 and self._reached == self._totals[0]

    def refused(self, number: int, status: int) -> bool:
        """Whether it is the end that the server refuses a page; ``end`` says so then."""
        counted = self._settings.type in COUNTED
        if not (counted and self.doubt is Doubt.TOTAL) and not (
            # Some servers answer so behind the last page, instead of with an empty one.
            self._settings.type == "page" and number > 1 and status == 404
        ):
            return False
        self.end = f"page {number} is answered with {status}"
        if number == 2 and status != 404:
            self._remarks.tell_of_total(self.end)
        return True

    def is_known(self, records: RecordStream) -> bool:
        """Whether a doubtful page, read for a try, brings nothing new; it is the end then. Raises: UserError."""
        doubt, self.doubt = self.doubt, None
        if not records.count:
            if doubt is Doubt.TOTAL and self._settings.type not in COUNTED:
                # What it says of a next page counts.
                return False
            if doubt is Doubt.REPEAT and len(self._marks) == 1:
                self._require_once()
            self.end = "a page without records"
            return True
        if doubt is Doubt.TOTAL and self._settings.type in COUNTED and records.digest in self._contents:
            self.end = "all records of the total were read, and then a page comes again"
            if len(self._contents) == 1:
                self._remarks.tell_of_total("page 2 is the same as the first one")
            return True
        if doubt is Doubt.REPEAT and records.digest == self._before:
            if len(self._contents) < 2:
                # No request has brought another page yet: what is sent has no effect.
                raise self._same_page()
            self.end = "the server names the same next page again, and it has the same records"
            return True
        if doubt is Doubt.REPEAT:
            self._stateful = True
            self._require_once()
        return False

    def _require_once(self) -> None:
        """Raises: UserError when a page may have been asked for twice of a server that counts along."""
        if self._twice is not None:
            raise UserError(
                f"{self._where}: this server seems to count along, as its mark of the next page is always the same, "
                f"and page {self._twice} may have been asked for twice, since no answer came at first; run the task "
                "again, so that no page is left out"
            )

    def following(self, call: Call, page: Page) -> Call | None:
        """The request for the page behind ``page``, which was read; None at the end.

        Raises:
            UserError: the server contradicts itself, points in a circle, or gives nothing where ``settings`` look.
        """
        settings, count = self._settings, page.records.count
        self._read += count
        self._largest_page = max(self._largest_page, count)
        if page.number > 1 and page.response.extensions.get(MAYBE_TWICE):
            self._twice = page.number
        self._see_total(page)
        self._see_contents(page)
        if settings.type == "none":
            self._remarks.tell_of_more(page, self._reached, self._totals)
            return self._ended("there is one answer")
        more = self._flag(page)
        if more is False:
            return self._ended(f'"{settings.more_path or settings.last_path}" says so')
        if more is None and settings.stop == "short" and count < settings.limit:
            if settings.type in COUNTED:
                self._remarks.tell_of_more(page, self._reached, self._totals)
            return self._ended(f"a page with less than {settings.limit} records")
        return self._by_number(call, page, more) if settings.type in COUNTED else self._by_mark(call, page, more)

    def _ended(self, reason: str) -> Call | None:
        self.end = reason
        return None

    def _by_number(self, call: Call, page: Page, more: bool | None) -> Call | None:
        settings, count = self._settings, page.records.count
        if not count:
            if not more or settings.stop == "empty":
                return self._ended("a page without records")
            if settings.type == "offset":
                raise self._contradiction(page, "has no records")
            self._see_empty(page)
        elif self._just_all_read and not more:
            short = settings.page_size is not None and count < settings.page_size
            if short and page.number > 1:
                return self._ended("all records of the total were read")
            # A full page, or the very first one, whose "total" may be the number of its own records.
            self.doubt = Doubt.TOTAL
        if settings.type == "page":
            return call.having(settings.page_param, self._first_page + page.number, settings.place)
        # By what came, not by what was asked for: a server may give less than the limit.
        return call.having(settings.offset_param, (settings.start or 0) + self._read, settings.place)

    def _by_mark(self, call: Call, page: Page, more: bool | None) -> Call | None:
        count = page.records.count
        if not count and (self._settings.stop == "empty" or self._settings.cursor_field or self._just_all_read):
            if more and self._settings.stop is None:
                raise self._contradiction(page, "has no records")
            return self._ended("a page without records")
        value = self._value_of_mark(page)
        # 0 is an end where the server gives the mark, and may be an id where a record does.
        if value in (None, "", False, MISSING) and not self._settings.cursor_field:
            if more:
                raise self._contradiction(page, "names no next page")
            self._remarks.tell_if_unsure(page, value, all_read=self._all_read)
            return self._ended("a page that names no next one")
        mark = self._checked_mark(page, value)
        if page.number == 1 and self._settings.type == "link":
            self._mark = str(page.response.url)
            self._marks.add(self._mark)
        if mark == self._mark and not count:
            if len(self._marks) == 1:
                self._require_once()
            return self._ended("a page without records, and the server names the same next page again")
        if not count:
            self._see_empty(page)
        if mark == self._mark:
            self.doubt = None if self._stateful else Doubt.REPEAT
        elif mark in self._marks:
            raise UserError(
                f"{self._where}: the server points back to a page that was read already, so the pages would never end; "
                "check pagination"
            )
        elif count and self._just_all_read and not more:
            self.doubt = Doubt.TOTAL
        self._mark = mark
        self._marks.add(mark)
        if self._settings.type == "link":
            # The link has all parameters in it already.
            return replace(call, url=mark, params={})
        return call.having(self._settings.cursor_param or "", value, self._settings.place)

    def _value_of_mark(self, page: Page) -> Any:
        settings = self._settings
        if settings.cursor_field:
            value = at_path(page.records.last, settings.cursor_field)
            if value in (None, MISSING):
                raise UserError(
                    f'{self._where}: the last record has no field "{settings.cursor_field}"; correct cursor_field'
                )
            return value
        path = settings.next_path if settings.type == "link" else settings.cursor_path
        if path:
            return found_at(page.records.envelope, page.response, path)
        try:
            link = next_link(page.response)
        except BadLink as error:
            raise UserError(
                f"{self._where}: the Link header of page {page.number} cannot be read ({error}), so whether there is a "
                "next page is not known; name next_path if the answer has it too"
            ) from error
        # A header without a next link says that there is none.
        return None if link is None and "link" in page.response.headers else MISSING if link is None else link

    def _checked_mark(self, page: Page, value: Any) -> str:
        if self._settings.type == "link":
            if not isinstance(value, str):
                raise UserError(f"{self._where}: the link to the next page is no text; correct next_path")
            return linked(page.response, value, f"{self._where}: the link to the next page")
        if isinstance(value, bool) or not isinstance(value, str | int | float | Number):
            raise UserError(
                f"{self._where}: the mark of the next page is an object, a list or true; correct cursor_path or "
                "cursor_field"
            )
        return str(value)

    def _flag(self, page: Page) -> bool | None:
        """What the answer says about whether there is more; None where it says nothing."""
        settings, envelope = self._settings, page.records.envelope
        if settings.more_path:
            value = found_at(envelope, page.response, settings.more_path)
            if value is MISSING:
                # To take that for the end would lose all other pages without a word.
                raise UserError(
                    f'{self._where}: the answer has nothing at "{settings.more_path}"; correct more_path of pagination'
                )
            return is_true(value)
        if settings.last_path:
            value = found_at(envelope, page.response, settings.last_path)
            return None if value is MISSING else not is_true(value)
        return None

    def _see_total(self, page: Page) -> None:
        if self._settings.total_path is None:
            return
        page.total = whole_number(found_at(page.records.envelope, page.response, self._settings.total_path))
        if page.total is not None:
            self._totals.append(page.total)

    def _see_contents(self, page: Page) -> None:
        """Raises: UserError when pages come again."""
        if not page.records.count:
            return
        self._empty, digest = 0, page.records.digest
        if digest == self._before:
            raise self._same_page(page.number)
        self._stale = self._stale + 1 if digest in self._contents else 0
        if self._stale and not self._told_of_repeats:
            self._told_of_repeats = True
            self._remarks.warn(
                f"page {page.number} has the very records of an earlier page, which are stored twice, unless the "
                "output has a primary_key"
            )
        if self._stale >= _STALE:
            raise UserError(
                f"{self._where}: the last {_STALE} pages were all read before, so the server goes in a circle; correct "
                "the parameters of pagination"
            )
        self._before = digest
        self._contents.add(digest)

    def _see_empty(self, page: Page) -> None:
        self._empty += 1
        if self._empty >= self._settings.empty_pages:
            raise UserError(
                f"{self._where}: {self._empty} pages in a row have no records, up to page {page.number}, and each "
                'names a next one; set stop = "empty" if that is how this server ends, or raise empty_pages'
            )

    def _same_page(self, number: int = 2) -> UserError:
        return UserError(
            f"{self._where}: page {number} is the same as the page before, so the server does not do what pagination "
            "says; correct its parameters"
        )

    def _contradiction(self, page: Page, what: str) -> UserError:
        path = self._settings.more_path or self._settings.last_path
        return UserError(
            f'{self._where}: "{path}" says that there is more, and page {page.number} {what}; correct pagination, or '
            "run the task again"
        )

    def compare(self) -> None:
        """Compare what was read with what the server counts. Raises: UserError when records are missing."""
        self._remarks.compare(self._reached, self._totals, self.end, largest_page=self._largest_page)
