"""Pages to their end: how it is known, what only looks like one, and servers that never come to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.http.client import HttpClient
from orch_tui.components.http.paging.pages import Pages
from orch_tui.components.http.paging.settings import Call as Request
from orch_tui.components.http.paging.settings import Pagination
from orch_tui.model.errors import UserError
from pydantic import ValidationError

from tests.servers.http_server import Answer, Call, HttpServer

ALL = list(range(7))
Handler = Callable[[Call], Answer]


@pytest.fixture(scope="module")
def shared() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
def server(shared: HttpServer) -> HttpServer:
    shared.calls.clear()
    return shared


class Reading:
    """What came of reading all pages of ``/x``."""

    def __init__(
        self, server: HttpServer, scratch: Path, settings: dict[str, Any], records: str = "d", retries: int = 0
    ) -> None:
        self.records: list[Any] = []
        self.warnings: list[str] = []
        self.lines: list[str] = []
        with HttpClient(server.url, retries=retries, backoff=0.0) as client:
            self.pages = Pages(
                client, Request("x"), Pagination(**settings), records, scratch / "page",
                warn=self.warnings.append, log=self.lines.append,
            )  # fmt: skip
            for page in self.pages:
                self.records += page.records

    @property
    def end(self) -> str:
        return self.pages.end


def part(at: int, size: int = 3, rows: list[int] = ALL) -> list[dict[str, int]]:
    return [{"id": number} for number in rows[at : at + size]]


def ids(reading: Reading) -> list[int]:
    return [record["id"] for record in reading.records]


CURSOR = {"type": "cursor", "cursor_param": "c", "cursor_path": "next"}
LINK = {"type": "link", "next_path": "next"}
OFFSET = {"type": "offset", "limit_param": "limit", "limit": 3}
PAGE = {"type": "page"}


def at(call: Call, name: str = "c") -> int:
    return int(call.query.get(name, "0"))


def always_next(call: Call) -> Answer:
    """The next mark is where the page ends, at the end as well."""
    return Answer(json={"d": part(at(call)), "next": min(at(call) + 3, 7)})


def same_last_page(call: Call) -> Answer:
    """The last page names itself."""
    start = min(at(call), 6)
    return Answer(json={"d": part(start), "next": min(start + 3, 6)})


def scroll(mark: Any) -> Handler:
    state = {"at": 0}

    def answer(call: Call) -> Answer:
        start, state["at"] = state["at"], state["at"] + 3
        return Answer(json={"d": part(start), "next": mark})

    return answer


def endless(call: Call) -> Answer:
    """Another mark on every page, however far behind the end."""
    return Answer(json={"d": part(at(call)), "next": at(call) + 3, "more": at(call) + 3 < 7, "last": at(call) + 3 >= 7})


def with_links(handler: Handler) -> Handler:
    """The same with addresses instead of marks."""

    def answer(call: Call) -> Answer:
        found = handler(call)
        return Answer(json={**found.json, "next": f"/x?c={found.json['next']}"})

    return answer


@pytest.mark.parametrize(
    ("settings", "handler", "calls"),
    [
        (CURSOR, always_next, 4),
        (CURSOR, same_last_page, 4),
        (CURSOR, scroll("same"), 4),
        (CURSOR, scroll(12.5), 4),
        ({**CURSOR, "stop": "empty"}, endless, 4),
        ({**CURSOR, "more_path": "more"}, endless, 3),
        ({**CURSOR, "last_path": "last"}, endless, 3),
        ({**CURSOR, "stop": "short", "limit": 3}, endless, 3),
        (LINK, with_links(always_next), 4),
        (LINK, with_links(same_last_page), 4),
        ({**LINK, "stop": "empty"}, with_links(endless), 4),
        ({**LINK, "more_path": "more"}, with_links(endless), 3),
        ({**LINK, "last_path": "last"}, with_links(endless), 3),
    ],
)
def test_servers_that_always_name_a_next_page(
    server: HttpServer, tmp_path: Path, settings: dict[str, Any], handler: Handler, calls: int
) -> None:
    server.route("/x", handler)
    reading = Reading(server, tmp_path, settings)
    assert (ids(reading), len(server.calls), reading.warnings) == (ALL, calls, []) and reading.end


@pytest.mark.parametrize("fault", [Answer(drop="before"), Answer(500), Answer(json={"d": part(0)}, drop="middle")])
@pytest.mark.parametrize("when", [2, 3, 4])
def test_a_server_that_counts_along_is_never_asked_twice(
    server: HttpServer, tmp_path: Path, fault: Answer, when: int
) -> None:
    # GIVEN a scroll that goes on at each request, also when its answer is lost on the way
    page = scroll("same")

    def answer(call: Call) -> Answer:
        found = page(call)
        return fault if len(server.calls) == when else found

    server.route("/x", answer)
    # WHEN an answer is lost, THEN that is an error and no page is missing without a word
    with pytest.raises(UserError, match=r"may have been asked for twice|was not repeated|the server failed"):
        Reading(server, tmp_path, CURSOR, retries=5)
    # WHEN the server says that it did nothing, THEN it is asked again
    page = scroll("same")
    server.calls.clear()

    def later(call: Call) -> Answer:
        return Answer(429, headers={"Retry-After": "0"}) if len(server.calls) == when else page(call)

    server.route("/x", later)
    assert ids(Reading(server, tmp_path, CURSOR, retries=5)) == ALL


def test_a_page_that_comes_again_later_is_told(server: HttpServer, tmp_path: Path) -> None:
    pages = {0: 0, 3: 3, 6: 0, 9: 6}
    server.route(
        "/x", lambda call: Answer(json={"d": part(pages[at(call)]), "next": at(call) + 3 if at(call) < 9 else ""})
    )
    reading = Reading(server, tmp_path, CURSOR)
    assert len(ids(reading)) == 10 and "page 3 has the very records of an earlier page" in reading.warnings[0]


@pytest.mark.parametrize("settings", [CURSOR, LINK])
def test_empty_pages_without_an_end_are_an_error_and_not_asked_for_ever(
    server: HttpServer, tmp_path: Path, settings: dict[str, Any]
) -> None:
    server.route("/x", endless if settings is CURSOR else with_links(endless))
    with pytest.raises(UserError, match=r'20 pages in a row have no records, up to page 23, .* set stop = "empty"'):
        Reading(server, tmp_path, {**settings, "empty_pages": 20})
    assert len(server.calls) == 23


def test_empty_pages_on_the_way_are_no_end(server: HttpServer, tmp_path: Path) -> None:
    # GIVEN a filter that leaves nothing of some pages
    def answer(call: Call) -> Answer:
        start = at(call)
        rows = part(start) if start not in (3, 6, 9) else []
        return Answer(json={"d": rows, "next": start + 3 if start < 18 else None})

    server.route("/x", answer)
    reading = Reading(server, tmp_path, CURSOR)
    assert len(server.calls) == 7 and ids(reading) == [0, 1, 2] and reading.end == "a page that names no next one"


@pytest.mark.parametrize(
    ("flags", "settings", "says"),
    [
        ({"more": True}, {**CURSOR, "more_path": "more"}, r'"more" says that there is more, and page 1 names no next'),
        ({"last": False}, {**CURSOR, "last_path": "last"}, r'"last" says that there is more, and page 1 names no next'),
        ({"last": "no"}, {**LINK, "last_path": "last"}, r"page 1 names no next page"),
        ({"more": 1}, {**OFFSET, "more_path": "more"}, r"page 2 has no records"),
    ],
)
def test_a_flag_that_says_more_where_there_is_none(
    server: HttpServer, tmp_path: Path, flags: dict[str, Any], settings: dict[str, Any], says: str
) -> None:
    rows = {0: part(0)}
    server.route("/x", lambda call: Answer(json={"d": rows.get(at(call, "offset"), []), **flags}))
    with pytest.raises(UserError, match=says):
        Reading(server, tmp_path, settings)


def test_page_numbers_go_on_over_an_empty_page_that_is_not_the_last(server: HttpServer, tmp_path: Path) -> None:
    rows = {1: [1], 2: [], 3: [3]}

    def answer(call: Call) -> Answer:
        number = at(call, "page")
        return Answer(json={"d": part(0, 9, rows[number]), "more": number < 3})

    server.route("/x", answer)
    assert ids(Reading(server, tmp_path, {**PAGE, "more_path": "more"})) == [1, 3]


def counted(call: Call, total: Any, rows: int = 7, cap: int = 3, behind: Callable[[], Answer] | None = None) -> Answer:
    start = at(call, "offset")
    if start >= rows and behind is not None:
        return behind()
    return Answer(json={"d": part(start, min(cap, at(call, "limit") or cap), list(range(rows))), "total": total})


TOTAL = {**OFFSET, "total_path": "total"}


@pytest.mark.parametrize(
    ("total", "rows", "calls"),
    [
        (7, 7, 3),
        ("7", 7, 3),
        (6, 6, 3),
        # The number of records in the page, or of a part of it.
        (3, 7, 4),
        (2, 7, 4),
        (0, 0, 1),
    ],
)
def test_a_total_is_no_end_by_itself(server: HttpServer, tmp_path: Path, total: Any, rows: int, calls: int) -> None:
    server.route("/x", lambda call: counted(call, total, rows))
    reading = Reading(server, tmp_path, TOTAL)
    assert ids(reading) == list(range(rows)) and len(server.calls) == calls and reading.warnings == []
    assert bool(reading.lines) == (int(total) < rows)


def test_more_records_than_the_total_are_told(server: HttpServer, tmp_path: Path) -> None:
    # GIVEN a total that is no number of one page, and more records than it: an old number, or records that come twice
    server.route("/x", lambda call: counted(call, 6))
    reading = Reading(server, tmp_path, TOTAL)
    # THEN they are all taken, and said to be more
    assert ids(reading) == list(range(7))
    assert len(reading.warnings) == 1 and "says that there are 6 records, and 7 came" in reading.warnings[0]


@pytest.mark.parametrize("behind", [Answer(400), Answer(404), Answer(416), Answer(json={"d": [], "total": 6})])
def test_what_servers_say_behind_the_total(server: HttpServer, tmp_path: Path, behind: Answer) -> None:
    server.route("/x", lambda call: counted(call, 6, 6, behind=lambda: behind))
    assert ids(Reading(server, tmp_path, TOTAL)) == list(range(6))
    # Without a total it is a failure.
    if behind.status != 200:
        with pytest.raises(UserError, match=str(behind.status)):
            Reading(server, tmp_path, OFFSET)


def test_a_server_that_begins_anew_behind_its_end(server: HttpServer, tmp_path: Path) -> None:
    # GIVEN a server that shows the first page, or the last one, for every page that it does not have
    server.route("/x", lambda call: counted(call, 6, 6, behind=lambda: Answer(json={"d": part(0), "total": 6})))
    assert ids(Reading(server, tmp_path, TOTAL)) == list(range(6))
    server.route("/x", lambda call: counted(call, 6, 6, behind=lambda: Answer(json={"d": part(3), "total": 6})))
    assert ids(Reading(server, tmp_path, TOTAL)) == list(range(6))
    # AND without a total: an error, long before all memory is full
    with pytest.raises(UserError, match="page 3 is the same as the page before"):
        Reading(server, tmp_path, OFFSET)
    server.calls.clear()
    server.route("/x", lambda call: Answer(json={"d": part(at(call, "page") % 2 * 3)}))
    with pytest.raises(UserError, match="goes in a circle"):
        Reading(server, tmp_path, PAGE)
    assert len(server.calls) == 12


@pytest.mark.parametrize("settings", [TOTAL, {**CURSOR, "total_path": "total"}, {**LINK, "total_path": "total"},
                                      {**PAGE, "total_path": "total"}, {"type": "none", "total_path": "total"},
                                      {**OFFSET, "total_path": "header:X-Total-Count"}])  # fmt: skip
def test_fewer_records_than_the_total_are_told(server: HttpServer, tmp_path: Path, settings: dict[str, Any]) -> None:
    # GIVEN a server that says 10 and gives 7
    def answer(call: Call) -> Answer:
        start = at(call, "offset") or (at(call, "page") or 1) * 7 - 7
        return Answer(json={"d": part(start, 7), "total": 10, "next": None}, headers={"X-Total-Count": "10"})

    server.route("/x", answer)
    # WHEN it is read, THEN that is an error, or a warning where the user wants it so
    with pytest.raises(UserError, match=r"says that there are 10 records, and 7 came \(the end: "):
        Reading(server, tmp_path, settings)
    reading = Reading(server, tmp_path, {**settings, "incomplete": "warn"})
    assert ids(reading) == ALL and "10 records, and 7 came" in reading.warnings[0]


def test_a_total_that_shrinks_and_one_that_is_not_there(server: HttpServer, tmp_path: Path) -> None:
    totals = iter([7, 6, 6])
    server.route("/x", lambda call: counted(call, next(totals), 6))
    assert "went from 7 to 6" in Reading(server, tmp_path, TOTAL).warnings[0]
    server.route("/x", lambda call: counted(call, 6, 6))
    reading = Reading(server, tmp_path, {**OFFSET, "total_path": "count"})
    assert 'no answer has a number at "count"' in reading.warnings[0]


@pytest.mark.parametrize(
    "header",
    ["items 0-2/7", "0-2/7", "items 0-2/ 7"],
)
def test_totals_of_a_content_range(server: HttpServer, tmp_path: Path, header: str) -> None:
    server.route("/x", lambda call: Answer(json={"d": part(at(call, "offset"))}, headers={"Content-Range": header}))
    reading = Reading(server, tmp_path, {**OFFSET, "total_path": "header:Content-Range"})
    assert ids(reading) == ALL and len(server.calls) == 3


@pytest.mark.parametrize(
    ("settings", "body", "warned"),
    [
        # Nothing where the mark should be, on a page that may be full.
        ({**CURSOR, "cursor_path": "paging.next"}, {}, 'nothing at "paging.next"'),
        ({**CURSOR, "cursor_path": "nxt"}, {"next": "abc"}, '"next" seems to name a next page'),
        (LINK, {}, 'nothing at "next"'),
        ({"type": "link"}, {}, "no Link header"),
        ({**CURSOR, "limit_param": "n", "limit": 3}, {}, "nothing at"),
        # Something that says so.
        (CURSOR, {"next": None}, None),
        (CURSOR, {"next": ""}, None),
        ({**CURSOR, "limit_param": "n", "limit": 4}, {}, None),
        ({**CURSOR, "more_path": "more"}, {"more": False}, None),
        ({**CURSOR, "last_path": "last"}, {"last": True}, None),
        ({**CURSOR, "total_path": "total"}, {"total": 3}, None),
    ],
)
def test_a_mark_that_is_missing_on_the_first_page(
    server: HttpServer, tmp_path: Path, settings: dict[str, Any], body: dict[str, Any], warned: str | None
) -> None:
    server.route("/x", lambda call: Answer(json={"d": part(0), **body}))
    reading = Reading(server, tmp_path, settings)
    assert ids(reading) == [0, 1, 2] and len(reading.warnings) == (1 if warned else 0)
    assert not warned or (warned in reading.warnings[0] and "taken for the only page" in reading.warnings[0])
    # An empty page has no next one, and a later page that names none is the last one.
    server.route("/x", lambda call: Answer(json={"d": [], **body, **({"total": 0} if "total" in body else {})}))
    assert Reading(server, tmp_path, settings).warnings == []


def test_a_link_header_without_a_next_link_is_an_end(server: HttpServer, tmp_path: Path) -> None:
    server.route("/x", lambda call: Answer(json={"d": part(0)}, headers={"Link": "</x>; rel=first"}))
    assert Reading(server, tmp_path, {"type": "link"}).warnings == []


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('<{}>; title="x; y"; rel="next"', True),
        ('<{}>; rel=next; anchor="/x"', True),
        ('<{}>; rel=next; anchor="#part"', False),
        ('<{}>; rel="next"; broken <', True),
        ('</x>; rel="prev, <{}>; rel=next', None),
    ],
)
def test_links_of_all_kinds(server: HttpServer, tmp_path: Path, header: str, found: bool | None) -> None:
    link = header.format("/x?c=3;a=b,c")

    def answer(call: Call) -> Answer:
        return Answer(json={"d": part(3 if call.query else 0)}, headers={} if call.query else {"Link": link})

    server.route("/x", answer)
    if found is None:
        with pytest.raises(UserError, match="the Link header of page 1 cannot be read"):
            Reading(server, tmp_path, {"type": "link"})
        return
    Reading(server, tmp_path, {"type": "link"})
    assert [call.target for call in server.calls] == ["/x", *(["/x?c=3;a=b,c"] if found else [])]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("file:///etc/passwd", "begins with file:, which is no address of the web"),
        ("javascript:x", "begins with javascript:"),
        ("http://[x", "is no address"),
    ],
)
def test_links_that_lead_out_of_the_web(server: HttpServer, tmp_path: Path, target: str, says: str) -> None:
    server.route("/x", lambda call: Answer(json={"d": part(0), "next": target}))
    with pytest.raises(UserError, match=says):
        Reading(server, tmp_path, LINK)


@pytest.mark.parametrize(
    ("body", "headers", "warned"),
    [
        ({}, {"Link": '<y>; rel="next"'}, "its Link header"),
        ({"next": "https://a.example/2"}, {}, '"next"'),
        ({"has_more": True}, {}, '"has_more"'),
        ({"paging": {"next": {"after": "5"}}}, {}, '"paging.next"'),
        ({"_links": {"next": {"href": "/2"}}}, {}, '"_links.next"'),
        ({"@odata.nextLink": "https://a.example/2"}, {}, '"@odata.nextLink"'),
        ({"meta": {"nextPage": 2}}, {}, '"meta.nextPage"'),
        ({"next": None, "hasMore": False, "links": {"next": None}}, {"Link": "<y>; rel=prev"}, None),
        ({"next_steps": "call us"}, {}, None),
    ],
)
def test_without_pagination_an_answer_that_names_a_next_page_is_told(
    server: HttpServer, tmp_path: Path, body: dict[str, Any], headers: dict[str, str], warned: str | None
) -> None:
    server.route("/x", lambda call: Answer(json={"d": part(0), **body}, headers=headers))
    reading = Reading(server, tmp_path, {"type": "none"})
    assert [warned is not None and warned in text for text in reading.warnings] == ([True] if warned else [])
    # One page is what the user wants.
    assert Reading(server, tmp_path, {"type": "none", "max_pages": 1}).warnings == []


def test_without_pagination_a_total_is_a_line(server: HttpServer, tmp_path: Path) -> None:
    server.route("/x", lambda call: Answer(json={"d": part(0), "meta": {"total_count": 7}}))
    reading = Reading(server, tmp_path, {"type": "none"})
    assert reading.lines == ['"meta.total_count" of the answer is 7, and 3 records were read'] and not reading.warnings


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"data": None, "errors": [{"message": "no such field"}]}, "no such field"),
        ({"error": "quota"}, "quota"),
        ({"error": {"code": 17, "message": "user limit"}}, "user limit"),
        ({"error": True}, '"error"'),
        ({"error": None, "errors": []}, None),
        ({"error": "", "errors": {}}, None),
        ({"error": {"code": 0, "message": "OK"}}, None),
        ({"error": False, "errors": 0}, None),
    ],
)
def test_an_error_inside_of_an_answer_is_no_empty_page(
    server: HttpServer, tmp_path: Path, body: dict[str, Any], says: str | None
) -> None:
    # GIVEN an answer with status 200 that says that something went wrong
    server.route("/x", lambda call: Answer(json={"d": None, **body}))
    if says is None:
        assert Reading(server, tmp_path, {"type": "none"}).records == []
    else:
        with pytest.raises(UserError, match="the answer has an error in it: " + says):
            Reading(server, tmp_path, {"type": "none"})
    # WHEN there are records all the same, THEN it is a warning
    server.route("/x", lambda call: Answer(json={"d": part(0), **body}))
    assert len(Reading(server, tmp_path, {"type": "none"}).warnings) == (says is not None)


def _same(answer: Answer, call: Call) -> Answer:
    return answer


def test_an_answer_that_is_cut_to_nothing_is_no_empty_page(server: HttpServer, tmp_path: Path) -> None:
    # GIVEN a second page of which nothing came, without a length that says so
    server.route("/x", lambda call: Answer(body=[]) if at(call, "offset") else Answer(json={"d": part(0)}))
    with pytest.raises(UserError, match=r"the answer is empty, which is no JSON, and its status is 200"):
        Reading(server, tmp_path, OFFSET)
    for answer in (Answer(204), Answer(200, body=b"")):
        server.route("/x", partial(_same, answer))
        assert Reading(server, tmp_path, OFFSET).records == []


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"type": "page", "more_path": "a", "last_path": "b"}, "say the same"),
        ({"type": "offset", "stop": "short"}, "needs the limit"),
        ({"type": "offset", "empty_pages": 5}, "not used with"),
    ],
)
def test_settings_that_do_not_go_together(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Pagination(**settings)
