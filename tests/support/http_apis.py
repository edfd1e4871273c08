"""Random APIs that give records in pages: every way of asking for the next one, every way of ending, and faults.

``random_api(seed)`` draws one. It knows the truth (``rows``), what the extractor is told about it (``parameters``), and
whether that must be enough to read every record exactly once (``honest``): pages that end as the settings say, totals
that are right, faults that pass. Where it is not, an error or a warning must say so.
"""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.servers.http_server import DROP, Answer, Call

Row = dict[str, Any]
RETRIES = 3
_PASSING = ("429", "503", "500", "502", "504", "drop", "cut", "gzip cut", "403 limit")
_STAYING = ("400", "401", "cut json", "nothing", "206", "error")
_NOT_DONE = frozenset({"429", "403 limit"})
"""Faults by which a server says that it did nothing."""


@dataclass
class Api:
    """A server's handler (:meth:`answer`), its records and the settings that go with it."""

    random: random.Random
    kind: str
    rows: list[Row]
    size: int
    """Records that the server gives at most in a page."""
    end: str
    total: str
    faults: dict[int, list[str]] = field(default_factory=dict)
    """What happens before page number ... (from 1) is given, one after another."""
    zipped: bool = False
    mapped: bool = False
    flag: str = ""
    """``more`` or ``last``: the member that says whether there is more."""
    repeats: int = 0
    """This page is given once more as the next one."""
    vanishes: int = 0
    """Behind this page the server names no next one, although there is."""
    shrinks: int = 0
    """Behind this page the first record is removed."""
    parameters: dict[str, Any] = field(default_factory=dict)
    requests: int = 0
    served: int = 0
    state: int = 0
    key: bool = False

    @property
    def honest(self) -> bool:
        """Whether all records must come, and no error."""
        names = [name for faults in self.faults.values() for name in faults]
        if self.vanishes or self.repeats or self.shrinks or self.total == "too high" or set(names) & set(_STAYING):
            return False
        if any(len(faults) > RETRIES for faults in self.faults.values()):
            return False
        if self.end in ("scroll", "same", "same page") and set(names) - _NOT_DONE:
            # What a server that counts along did before it failed is not known.
            return False
        if self.end in ("clamp", "wrap", "400") or (self.end == "404" and self.kind == "offset"):
            return self.total == "right"
        if self.end == "always":
            return bool(self.flag) or self.settings.get("stop") == "empty"
        if self.settings.get("stop") == "short":
            return bool(self.size >= self.settings["limit"])
        return True

    @property
    def settings(self) -> dict[str, Any]:
        found: dict[str, Any] = self.parameters["pagination"]
        return found

    @property
    def most_requests(self) -> int:
        """More would be asking without end."""
        return 3 * (len(self.rows) // self.size + 2) + sum(map(len, self.faults.values())) * (RETRIES + 1) + 30

    # Serving

    def answer(self, call: Call) -> Answer:
        self.requests += 1
        number = self.served + 1
        left = self.faults.get(number)
        fault = left.pop(0) if left else None
        if fault in _NOT_DONE:
            return _fault(str(fault), None)
        page = self._page(call)
        if fault is not None:
            return _fault(fault, page)
        self.served += 1
        if self.shrinks == self.served and self.rows:
            self.rows.pop(0)
        return page if page.json is None or not self.zipped else _zipped(page)

    def _asked(self, call: Call) -> dict[str, Any]:
        if self.settings.get("place") == "body":
            return dict(call.json)
        return dict(call.query)

    def _page(self, call: Call) -> Answer:
        asked = self._asked(call)
        if self.kind in ("offset", "page"):
            return self._counted(asked)
        return self._marked(asked)

    def _limit(self, asked: dict[str, Any]) -> int:
        return min(self.size, int(asked.get("limit", self.size)))

    def _counted(self, asked: dict[str, Any]) -> Answer:
        limit = self._limit(asked)
        if self.kind == "offset":
            at = int(asked["offset"])
        else:
            at = (int(asked["page"]) - self.settings.get("start", 1)) * limit
        if self.repeats and at >= self.repeats * limit:
            at -= limit
        part = self.rows[at : at + limit]
        more = at + limit < len(self.rows)
        if not part and at > 0:
            last = (max(0, len(self.rows) - 1) // limit) * limit
            match self.end:
                case "404" | "400":
                    return Answer(int(self.end), json={"message": "no such page"})
                case "clamp":
                    part = self.rows[last : last + limit]
                case "wrap":
                    part = self.rows[:limit]
        return self._body(part, more, {})

    def _marked(self, asked: dict[str, Any]) -> Answer:
        limit = self._limit(asked)
        if self.end == "scroll":
            # The mark is always the same; the server knows where it is.
            at = self.state if "c" in asked else 0
            self.state = at + limit
            return self._body(self.rows[at : at + limit], True, self._next("scroll-1"))
        if self.settings.get("cursor_field"):
            after = int(asked.get("c", -1))
            rows = [row for row in self.rows if row["id"] > after]
            return self._body(rows[:limit], len(rows) > limit, {})
        at = int(str(asked.get("c", "m0"))[1:])
        gaps = self._gaps()
        page, position, here = at // 1, 0, []
        # Page by page, some of them empty: a filter left nothing of them.
        pages: list[list[Row]] = []
        while position < len(self.rows) or not pages:
            if len(pages) in gaps:
                pages.append([])
                continue
            pages.append(self.rows[position : position + limit])
            position += limit
        if self.repeats and self.repeats < len(pages):
            pages.insert(self.repeats, pages[self.repeats - 1])
        here = pages[page] if page < len(pages) else []
        more = page + 1 < len(pages)
        following: dict[str, Any] = {}
        if self.vanishes == page + 1 and more:
            following = {}
        elif more:
            following = self._next(f"m{page + 1}")
        else:
            following = self._last(page, len(pages))
        return self._body(here, more, following)

    def _last(self, page: int, count: int) -> dict[str, Any]:
        match self.end:
            case "null":
                return self._next(None)
            case "blank":
                return self._next("")
            case "same page":
                # The last page, again and again.
                return self._next(f"m{min(page, count - 1)}") if page else {}
            case "same":
                # The mark behind the last page, where there is nothing.
                return self._next(f"m{count}")
            case "always":
                return self._next(f"m{page + 1}")
        return {}

    def _gaps(self) -> frozenset[int]:
        pages = len(self.rows) // self.size + 1
        drawn = random.Random(repr(self.rows))
        if self.settings.get("stop") or self.end == "same page" or not self.parameters.get("gaps", True):
            return frozenset()
        return frozenset(number for number in range(1, pages) if drawn.random() < 0.15)

    def _next(self, mark: str | None) -> dict[str, Any]:
        if self.kind == "cursor":
            return {"next": mark}
        if mark is None or mark == "":
            return {"next": mark}
        extra = {"limit": self.settings["limit"]} if self.settings.get("limit_param") else {}
        return {"next": f"/api?{urlencode({'c': mark, **extra, 'f': 'a;b,c='})}"}

    def _body(self, part: list[Row], more: bool, following: dict[str, Any]) -> Answer:
        headers: dict[str, str] = {}
        body: dict[str, Any] = {"meta": {}}
        if self.kind == "link" and "next_path" not in self.settings:
            if link := following.get("next"):
                headers["Link"] = self.parameters["form"].format(link)
        elif "next" in following:
            body["paging"] = {"next": following["next"]}
        if self.flag == "more":
            body["meta"]["more"] = more
        elif self.flag == "last":
            body["meta"]["last"] = "no" if more else "yes"
        count = {"right": len(self.rows), "page": len(part), "too high": len(self.rows) + 3}.get(self.total)
        if count is not None:
            if self.settings["total_path"].startswith("header"):
                headers["X-Total"] = str(count)
            else:
                body["meta"]["total"] = count
        if self.mapped:
            body["d"] = {f"k{row['id']}": {name: row[name] for name in row if name != "key"} for row in part}
        else:
            body["d"] = part
        return Answer(json=body, headers=headers)


def _fault(name: str, page: Answer | None) -> Answer:
    match name:
        case "429":
            return Answer(429, headers={"Retry-After": "0"})
        case "403 limit":
            return Answer(403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"})
        case "drop":
            return DROP
    assert page is not None
    whole = json.dumps(page.json).encode()
    match name:
        case "cut":
            return Answer(json=page.json, headers=page.headers, drop="middle")
        case "gzip cut":
            packed = gzip.compress(whole)
            return Answer(body=packed[: len(packed) // 2], headers={**page.headers, "Content-Encoding": "gzip"})
        case "cut json":
            return Answer(body=whole[:-3], headers=page.headers)
        case "nothing":
            return Answer(body=[])
        case "206":
            return Answer(206, body=whole, headers={**page.headers, "Content-Range": "bytes 0-8/900"})
        case "error":
            return Answer(json={"d": None, "error": {"message": "out of order"}})
    return Answer(int(name), json={"message": "a fault"})


def _zipped(page: Answer) -> Answer:
    headers = {**page.headers, "Content-Encoding": "gzip", "Content-Type": "application/json"}
    whole = json.dumps(page.json).encode()
    middle = len(whole) // 2
    # Two members behind each other are one gzip file.
    return Answer(page.status, body=gzip.compress(whole[:middle]) + gzip.compress(whole[middle:]), headers=headers)


FORMS = (
    '<{}>; rel="next"',
    '</first>; rel="first", <{}>; rel=next',
    '<{}>; title="a; b=c, d"; rel="next"',
    '<{}>;Rel="next last"',
    '<{}>; title="rel=\\"prev\\""; rel="next", </z>; rel="prev"',
)
_ENDS = {
    "offset": ("empty", "empty", "404", "400", "clamp", "wrap"),
    "page": ("empty", "empty", "404", "clamp", "wrap"),
    "cursor": ("missing", "null", "blank", "same", "same page", "always", "scroll"),
    "link": ("missing", "null", "same", "same page", "always"),
    "field": ("empty",),
}


def random_api(seed: int) -> Api:
    """The API of a seed: the same one whenever it is drawn."""
    draw = random.Random(seed)
    kind = draw.choice(list(_ENDS))
    count, size = draw.choice([0, 1, 2, 3, 7, 12, 20, draw.randint(0, 40)]), draw.randint(1, 7)
    rows = [{"id": number, "v": draw.choice(["x", "y"]), "key": f"k{number}"} for number in range(count)]
    api = Api(draw, "cursor" if kind == "field" else kind, rows, size, draw.choice(_ENDS[kind]), "none")
    settings = _settings(api, kind, draw)
    api.zipped, api.key = draw.random() < 0.2, draw.random() < 0.4
    api.mapped = draw.random() < 0.2 and kind != "field"
    api.parameters |= {"pagination": settings, "form": draw.choice(FORMS), "gaps": draw.random() < 0.5}
    _add_total(api, draw)
    _add_flag(api, draw)
    _add_trouble(api, kind, draw)
    return api


def _settings(api: Api, kind: str, draw: random.Random) -> dict[str, Any]:
    settings: dict[str, Any] = {"type": api.kind}
    if draw.random() < 0.5:
        settings |= {"limit_param": "limit", "limit": draw.choice([api.size, api.size, 100, max(1, api.size - 1)])}
    if kind == "page":
        settings["start"] = draw.choice([0, 1, 1, 5])
    if kind in ("offset", "page", "cursor", "field") and draw.random() < 0.3:
        settings["place"] = "body"
    if kind == "field":
        settings |= {"cursor_param": "c", "cursor_field": "id"}
    elif kind == "cursor":
        settings |= {"cursor_param": "c", "cursor_path": "paging.next"}
    elif kind == "link" and (api.end in ("null", "blank") or draw.random() < 0.5):
        settings["next_path"] = "paging.next"
    if api.end == "always" and draw.random() < 0.4:
        settings["stop"] = "empty"
    # With a larger limit, a server that gives less would lose records, as the page about it says.
    exact = settings.get("limit", 100) <= api.size
    if exact and api.end in ("empty", "missing", "null") and draw.random() < 0.5:
        settings["stop"] = "short"
    if kind in ("cursor", "link"):
        settings["empty_pages"] = 12
    return settings


def _add_total(api: Api, draw: random.Random) -> None:
    api.total = draw.choice(["none", "none", "right", "right", "page", "too high"])
    if api.total != "none":
        api.settings["total_path"] = draw.choice(["meta.total", "header:X-Total"])
        api.settings["incomplete"] = draw.choice(["fail", "warn"])


def _add_flag(api: Api, draw: random.Random) -> None:
    # A flag that says "more" on the last page of a scroll would be one that lies.
    if api.end != "scroll" and (draw.random() < 0.25 or (api.end == "always" and draw.random() < 0.4)):
        api.flag = draw.choice(["more", "last"])
        api.settings[f"{api.flag}_path"] = f"meta.{api.flag}"


def _add_trouble(api: Api, kind: str, draw: random.Random) -> None:
    pages = len(api.rows) // api.size + 1
    if draw.random() < 0.4:
        for _ in range(draw.randint(1, 3)):
            names = [draw.choice(_PASSING) for _ in range(draw.randint(1, RETRIES))]
            api.faults[draw.randint(1, pages)] = names
    elif draw.random() < 0.15:
        api.faults[draw.randint(1, pages)] = [draw.choice(_STAYING)] * (RETRIES + 2)
    if draw.random() > 0.25 or pages < 3:
        return
    # What the server does wrong must be told by something else: a total, or a flag.
    evident = api.total == "right" and (kind in ("offset", "page", "cursor", "link"))
    match draw.choice(["repeats", "vanishes", "shrinks"]):
        case "repeats" if kind != "field" and api.end != "scroll":
            api.repeats = draw.randint(1, pages - 1)
        case "vanishes" if kind in ("cursor", "link") and api.end != "scroll" and (evident or api.flag):
            api.vanishes = draw.randint(1, pages - 1)
        case "shrinks" if kind in ("offset", "page") and api.total == "right" and not api.key:
            api.shrinks = draw.randint(1, pages - 1)
