"""One audience of the Mailchimp stand-in: its contacts, merge fields and tags, and the rules they are written by."""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from collections import Counter
from typing import Any

Answer = tuple[int, dict[str, Any] | None]
STATUSES = ("subscribed", "unsubscribed", "cleaned", "pending", "transactional")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_FORMS = {
    "number": (re.compile(r"-?\d+(\.\d+)?"), "Please enter a number"),
    "date": (re.compile(r"\d{4}-\d{2}-\d{2}|\d{2}/\d{2}/\d{4}"), "Please enter the date"),
    "birthday": (re.compile(r"\d{2}/\d{2}"), "Please enter a month (01-12) and a day (01-31)"),
    "zip": (re.compile(r"\d{5}"), "Please enter a valid zip code"),
}

FIELDS: tuple[dict[str, Any], ...] = (
    {"merge_id": 1, "tag": "FNAME", "name": "First Name", "type": "text", "required": False},
    {"merge_id": 2, "tag": "LNAME", "name": "Last Name", "type": "text", "required": False},
    {"merge_id": 3, "tag": "ADDRESS", "name": "Address", "type": "address", "required": False},
    {"merge_id": 4, "tag": "PHONE", "name": "Phone Number", "type": "phone", "required": False},
    {"merge_id": 5, "tag": "BIRTHDAY", "name": "Birthday", "type": "birthday", "required": False},
    {"merge_id": 6, "tag": "SINCE", "name": "Customer since", "type": "date", "required": False},
    {"merge_id": 7, "tag": "SPENT", "name": "Spent", "type": "number", "required": False},
    {"merge_id": 8, "tag": "CAMPAIGN", "name": "Campaign", "type": "text", "required": False},
    {"merge_id": 9, "tag": "SEGMENT", "name": "Segment", "type": "dropdown", "required": False,
     "options": {"choices": ["A", "B", "C"]}},
)  # fmt: skip


def problem(status: int, title: str, detail: str, errors: list[dict[str, str]] | None = None) -> Answer:
    """An error as RFC 7807 describes it, which is how Mailchimp answers."""
    body: dict[str, Any] = {
        "type": "https://mailchimp.com/developer/marketing/docs/errors/",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": str(uuid.uuid4()),
    }
    return status, {**body, "errors": errors} if errors else body


_MISSING = problem(404, "Resource Not Found", "The requested resource could not be found.")


class Audience:
    """The contacts of one audience by the MD5 of their address in lower case.

    ``forgotten`` are addresses that were deleted for good, which Mailchimp never takes again. ``created`` and
    ``writes`` count the accepted writes of each address.
    """

    def __init__(self, audience: str, name: str, fields: tuple[dict[str, Any], ...] = FIELDS) -> None:
        self.id = audience
        self.name = name
        self.fields = [dict(field) for field in fields]
        self.members: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, int] = {}
        self.forgotten: set[str] = set()
        self.created: Counter[str] = Counter()
        self.writes: Counter[str] = Counter()

    def load(self, body: dict[str, Any]) -> None:
        self.members, self.tags = body["members"], body["tags"]

    def dump(self) -> dict[str, Any]:
        return {"audience": self.id, "members": self.members, "tags": self.tags}

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        prefix = f"/lists/{self.id}"
        if path != prefix and not path.startswith(f"{prefix}/"):
            return _MISSING
        rest = path.removeprefix(prefix)
        if rest == "" and method == "GET":
            return 200, self._about(query)
        if rest == "/merge-fields" and method == "GET":
            return 200, {**_page("merge_fields", self.fields, query), "list_id": self.id}
        if rest == "/members" and method == "GET":
            return 200, {**_page("members", list(self.members.values()), query), "list_id": self.id}
        if rest == "/members" and method == "POST":
            return self._add(body)
        if found := re.fullmatch(r"/members/([0-9a-f]{32})(/tags)?", rest):
            return self._member(method, found[1], found[2] is not None, body)
        return _MISSING

    def _member(self, method: str, key: str, tags: bool, body: Any) -> Answer:
        if tags and method == "POST":
            return self._tag(key, body)
        if not tags and method == "PUT":
            return self._put(key, body)
        if not tags and method == "GET" and key in self.members:
            return 200, self.members[key]
        return _MISSING

    def _about(self, query: dict[str, str]) -> dict[str, Any]:
        states = Counter(member["status"] for member in self.members.values())
        stats = {
            "member_count": states["subscribed"],
            "unsubscribe_count": states["unsubscribed"],
            "cleaned_count": states["cleaned"],
            "merge_field_count": len(self.fields),
        }
        if query.get("include_total_contacts") == "true":
            stats["total_contacts"] = len(self.members)
        return {"id": self.id, "name": self.name, "stats": stats}

    def _add(self, body: Any) -> Answer:
        address = str(body.get("email_address", ""))
        if _key(address) in self.members:
            detail = f"{address} is already a list member. Use PUT to insert or update list members."
            return problem(400, "Member Exists", detail)
        return self._write(_key(address), address, body.get("status"), body)

    def _put(self, key: str, body: Any) -> Answer:
        member = self.members.get(key)
        if member is None:
            address = str(body.get("email_address", ""))
            if _key(address) != key:
                return problem(400, "Invalid Resource", "The resource submitted could not be validated.")
            return self._write(key, address, body.get("status_if_new"), body)
        wanted = body.get("status", member["status"])
        if member["status"] in ("unsubscribed", "cleaned") and wanted == "subscribed":
            detail = f"{member['email_address']} is in a compliance state and cannot be subscribed."
            return problem(400, "Member In Compliance State", detail)
        return self._write(key, member["email_address"], wanted, body)

    def _write(self, key: str, address: str, status: Any, body: dict[str, Any]) -> Answer:
        if status not in STATUSES:
            return problem(400, "Invalid Resource", "Please provide a subscriber status.")
        if not _ADDRESS.fullmatch(address):
            return problem(400, "Invalid Resource", "Please provide a valid email address.")
        if address.lower().endswith("@example.invalid"):
            detail = f"{address} looks fake or invalid, please enter a real email address."
            return problem(400, "Invalid Resource", detail)
        if address.lower() in self.forgotten:
            detail = f"{address} was permanently deleted and cannot be re-imported. The contact must re-subscribe."
            return problem(400, "Forgotten Email Not Subscribed", detail)
        old = self.members.get(key)
        values = {**(old["merge_fields"] if old else {}), **(body.get("merge_fields") or {})}
        if errors := self._wrong(values):
            return problem(400, "Invalid Resource", "Your merge fields were invalid.", errors)
        self.writes[address.lower()] += 1
        if old is None:
            self.created[address.lower()] += 1
        self.members[key] = {**(old or self._fresh(key, address)), "status": status, "merge_fields": values}
        self.members[key]["last_changed"] = _now()
        return 200, self.members[key]

    def _fresh(self, key: str, address: str) -> dict[str, Any]:
        return {
            "id": key,
            "email_address": address,
            "unique_email_id": key[:10],
            "contact_id": key,
            "web_id": len(self.members) + 1,
            "email_type": "html",
            "timestamp_opt": _now(),
            "tags_count": 0,
            "tags": [],
            "list_id": self.id,
        }

    def _wrong(self, values: dict[str, Any]) -> list[dict[str, str]]:
        """The merge fields whose values Mailchimp would not take; unknown tags are ignored, as there."""
        errors = []
        for about in self.fields:
            value = values.get(about["tag"])
            if value in (None, ""):
                if about["required"]:
                    errors.append({"field": about["tag"], "message": "Please enter a value"})
                continue
            form, message = _FORMS.get(about["type"], (None, ""))
            if form is not None and not form.fullmatch(str(value)):
                errors.append({"field": about["tag"], "message": message})
            choices = (about.get("options") or {}).get("choices")
            if choices and value not in choices:
                errors.append({"field": about["tag"], "message": f"Value must be one of: {', '.join(choices)}"})
        return errors

    def _tag(self, key: str, body: Any) -> Answer:
        member = self.members.get(key)
        if member is None:
            return _MISSING
        has = {tag["name"]: tag for tag in member["tags"]}
        for item in body["tags"]:
            if item["status"] == "active":
                number = self.tags.setdefault(item["name"], len(self.tags) + 1)
                has[item["name"]] = {"id": number, "name": item["name"]}
            else:
                has.pop(item["name"], None)
        member["tags"], member["tags_count"] = list(has.values()), len(has)
        return 204, None


def _key(address: str) -> str:
    return hashlib.md5(address.strip().lower().encode(), usedforsecurity=False).hexdigest()


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())


def _page(name: str, items: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    start, count = int(query.get("offset", 0)), min(int(query.get("count", 10)), 1000)
    return {name: items[start : start + count], "total_items": len(items)}
