"""What the stand-in for Adform knows: campaigns, and their statistics by day. The same for everyone on the same day.

The campaigns are those of ``data/campaigns.csv`` in five markets. Their dates move by whole years (364 days, so that
weekdays stay), so that there are always campaigns running, ended and planned.
"""

from __future__ import annotations

import csv
import datetime
import functools
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CSV = Path(__file__).parents[1] / "data" / "campaigns.csv"
_WRITTEN = datetime.date(2026, 11, 22)
_YEAR = 364
_MARKETS = ("", " AT", " CH", " PL", " SK")
_COUNT = 250
_COUNTRIES = ("Czech Republic", "Germany", "Austria", "Poland")
_DEVICES = ("Desktop", "Mobile Phone", "Tablet")
_ADVERTISERS = ("Alpine Outfitters", "Bright Home", "Cobalt Sports", "Dahlia Fashion", "Elm & Oak", "Fjord Travel")
OPEN_END = 60
"""Days that a campaign without an end runs on."""

Facts = tuple[int, int, int, float, float]
"""Impressions, clicks, conversions, sales, cost."""


@dataclass(frozen=True, slots=True)
class Campaign:
    id: int
    name: str
    type: str
    budget: float
    currency: str
    start: datetime.date
    end: datetime.date | None
    status: str
    advertiser: int

    @property
    def client(self) -> str:
        return _ADVERTISERS[self.advertiser - 501]

    def answer(self) -> dict[str, Any]:
        """As ``GET /v1/buyer/campaigns`` gives it."""
        return {
            "id": self.id,
            "name": self.name,
            "advertiserId": self.advertiser,
            "budget": self.budget,
            "currency": self.currency,
            "startDate": f"{self.start}T00:00:00+00:00",
            "endDate": f"{self.end}T00:00:00+00:00" if self.end else None,
            "status": self.status,
            "type": self.type,
            "labels": [{"name": self.type}],
        }


@functools.lru_cache(maxsize=4)
def campaigns(today: datetime.date) -> tuple[Campaign, ...]:
    """All 250, by id. Raises: OSError when the sample's campaigns.csv is gone."""
    shift = datetime.timedelta(days=_YEAR * ((today - _WRITTEN).days // _YEAR))
    with _CSV.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = []
    for number in range(_COUNT):
        row, market = rows[number % len(rows)], number // len(rows)
        late = datetime.timedelta(days=7 * market) + shift
        start = datetime.date.fromisoformat(row["start_date"]) + late
        end = datetime.date.fromisoformat(row["end_date"]) + late if row["end_date"] else None
        over = end is not None and end < today
        found.append(
            Campaign(
                id=1001 + number,
                name=row["name"] + _MARKETS[market],
                type=row["channel"].capitalize(),
                budget=round(float(row["budget"]) * (1 - 0.15 * market), 2),
                currency=row["currency"],
                start=start,
                end=end,
                status="Deleted" if number % 50 == 49 else "Inactive" if over and number % 4 == 1 else "Active",
                advertiser=501 + number % len(_ADVERTISERS),
            )
        )
    return tuple(found)


def _chance(*parts: object) -> float:
    """A number from 0 to 1 that is always the same for the same parts."""
    return zlib.crc32("/".join(map(str, parts)).encode()) / 2**32


def facts(campaign: Campaign, day: datetime.date, slot: int, slots: int) -> Facts:
    """What one of the ``slots`` into which a campaign is divided did on one day."""
    length = ((campaign.end or campaign.start + datetime.timedelta(days=OPEN_END)) - campaign.start).days + 1
    weekend = 0.7 if day.weekday() >= 5 else 1.0
    cost = campaign.budget / length / slots * weekend * (0.6 + 0.7 * _chance("cost", campaign.id, day, slot))
    impressions = int(cost * (60 + 120 * _chance("seen", campaign.id)))
    clicks = int(impressions * (0.002 + 0.03 * _chance("rate", campaign.id, day, slot)))
    conversions = int(clicks * 0.08 * _chance("bought", campaign.id, day, slot))
    return impressions, clicks, conversions, round(conversions * 38.5, 2), round(cost, 4)


COUNTERS = {"impressions": 0, "clicks": 1, "conversions": 2}
AMOUNTS = {"sales": 3, "cost": 4, "rtbMediaCost": 4}
RATIOS = {"ctr": (1, 0, 100.0), "ecpm": (4, 0, 1000.0), "ecpc": (4, 1, 1.0)}
DIMENSIONS = (
    "date", "week", "month", "client", "clientID", "campaign", "campaignID", "campaignType",
    "country", "deviceType", "lineItemID", "deal", "dealID",
)  # fmt: skip
METRICS = (*COUNTERS, *AMOUNTS, *RATIOS)


def _value(name: str, campaign: Campaign, day: datetime.date, slot: int) -> Any:
    known: dict[str, Any] = {
        "client": campaign.client,
        "clientID": campaign.advertiser,
        "campaign": campaign.name,
        "campaignID": campaign.id,
        "campaignType": campaign.type,
    }
    if name in known:
        return known[name]
    match name:
        case "date":
            return f"{day}T00:00:00"
        case "week":
            return day.isocalendar().week
        case "month":
            return day.month
        case "country":
            return _COUNTRIES[slot % len(_COUNTRIES)]
        case "deviceType":
            return _DEVICES[slot % len(_DEVICES)]
        case "lineItemID":
            return campaign.id * 10_000 + slot
    # Few impressions belong to a deal.
    return "(not set)" if name == "deal" else None


def report(
    today: datetime.date, since: datetime.date, until: datetime.date, dimensions: Sequence[str],
    metrics: Sequence[str], *, line_items: int = 4, late: int = 0, only: dict[str, list[Any]] | None = None,
) -> Iterator[list[Any]]:  # fmt: skip
    """Rows of dimensions, then metrics, in the order of the dimensions' values.

    ``line_items`` belong to each campaign; ``late`` conversions come to each campaign on the three days before today,
    as they do with Adform; ``only`` names dimensions with the values to keep.
    """
    slots = range(line_items) if "lineItemID" in dimensions else range(12)
    groups: dict[tuple[Any, ...], list[float]] = {}
    for number in range((until - since).days + 1):
        day = since + datetime.timedelta(days=number)
        for campaign in campaigns(today):
            end = campaign.end or campaign.start + datetime.timedelta(days=OPEN_END)
            if day > today or not campaign.start <= day <= end:
                continue
            if only and any(_value(name, campaign, day, 0) not in wanted for name, wanted in only.items()):
                continue
            for slot in slots:
                key = tuple([_value(name, campaign, day, slot) for name in dimensions])
                total = groups.setdefault(key, [0, 0, 0, 0.0, 0.0])
                for at, amount in enumerate(facts(campaign, day, slot, len(slots))):
                    total[at] += amount
                if slot == 0 and (today - day).days <= 3:
                    total[2] += late
    for key in sorted(groups, key=lambda key: [str(value) for value in key]):
        yield [*key, *(_metric(name, groups[key]) for name in metrics)]


def _metric(name: str, total: Sequence[float]) -> float:
    if name in COUNTERS:
        return int(total[COUNTERS[name]])
    if name in AMOUNTS:
        return round(total[AMOUNTS[name]], 4)
    above, below, factor = RATIOS[name]
    return round(factor * total[above] / total[below], 6) if total[below] else 0
