"""Subscriptions to events as the notification service gives them.

Source: github.com/keboola/notification-api-php-client, ``Requests/PostSubscription``.
"""

from __future__ import annotations

from typing import Any

from orch_tui.keboola.values import Subscription

_CONFIGURATION, _OVERTIME = "job.configuration.id", "durationOvertimePercentage"


def read_subscriptions(value: Any) -> tuple[Subscription, ...]:
    """The subscriptions in a list; what is none is passed over."""
    found = []
    for item in value if isinstance(value, list) else ():
        if not isinstance(item, dict) or not isinstance(item.get("recipient"), dict):
            continue
        filters = {
            str(one.get("field")): one.get("value") for one in item.get("filters") or () if isinstance(one, dict)
        }
        recipient = item["recipient"]
        overtime = filters.get(_OVERTIME)
        found.append(
            Subscription(
                str(item.get("event") or ""),
                str(filters.get(_CONFIGURATION) or ""),
                str(recipient.get("channel") or ""),
                str(recipient.get("address") or recipient.get("url") or ""),
                float(overtime) if isinstance(overtime, int | float) else None,
            )
        )
    return tuple(found)
