"""Contacts into an audience, in batches of operations that Mailchimp carries out in the background.

Every contact is one ``PUT /lists/{id}/members/{hash}`` with ``status_if_new`` and without ``status``: Mailchimp gives
a new contact that status and leaves the status of a known one alone, in one step, so that nobody who unsubscribes
meanwhile is subscribed again (https://mailchimp.com/developer/marketing/api/list-members/add-or-update-list-member/).
``POST /lists/{id}`` takes 500 contacts too, but knows only ``status``, which it sets for known contacts as well.
Up to 500 operations go into one ``POST /batches``.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from orch_tui.components.kit.checkpoint import Sent, sent_file
from orch_tui.components.kit.component import Context
from orch_tui.components.mailchimp.api import MailchimpApi, Progress, Result
from orch_tui.components.mailchimp.contacts import Contact
from orch_tui.components.mailchimp.rejects import Rejects
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import scratch_folder
from orch_tui.project.files.own_files import read_own, replace_json

_ROUNDS = 3
"""How often operations that Mailchimp failed to carry out are handed over again."""
_SLOWEST = 15.0
"""Seconds between two looks at a batch that takes long."""
_NOT_THE_CONTACT = frozenset({401, 403, 404, 405})
"""Answers to an operation that say nothing about its contact: all others would get them too."""

Operation = dict[str, Any]


class Settings(Protocol):
    """What the sender needs of the writer's parameters."""

    audience: str
    status_if_new: Any
    update_existing: bool
    batch_size: int
    parallel_batches: int
    poll_interval: float
    batch_timeout: int
    resume: bool


@dataclass(frozen=True, slots=True)
class _Flight:
    """A batch that Mailchimp works on."""

    number: int
    contacts: list[Contact]
    batch: str


class Underway:
    """The ids of batches that are handed over and not confirmed, in a file: the next attempt asks for these instead
    of sending their contacts a second time. ``token`` ties it to what is being sent; without ``keep`` nothing is
    remembered. ``others`` are batches of an attempt that sent something else."""

    def __init__(self, ctx: Context, token: str, *, keep: bool = True) -> None:
        self._path = sent_file(ctx).with_suffix(".underway.json")
        self._token = token
        self._keep = keep
        self._ids: dict[str, str] = {}
        self.others: list[str] = []
        if not keep:
            return
        try:
            body = json.loads(read_own(self._path))
            found = {str(number): str(batch) for number, batch in body["batches"].items()}
            if body.get("token") == token:
                self._ids = found
            else:
                self.others = list(found.values())
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError, AttributeError):
            # A damaged file only means that these contacts are written a second time, with the same values.
            ctx.log(f"{self._path.name} is damaged and not used")

    def get(self, number: int) -> str | None:
        return self._ids.get(str(number))

    def put(self, number: int, batch: str) -> None:
        """On the disk when this returns. Raises: OSError."""
        self._ids[str(number)] = batch
        self._save()

    def remove(self, number: int) -> None:
        if self._ids.pop(str(number), None) is not None:
            self._save()

    def clear(self) -> None:
        self._path.unlink(missing_ok=True)

    def _save(self) -> None:
        if self._keep:
            replace_json(self._path, {"token": self._token, "batches": self._ids})


class Sender:
    """Sends batches, a few of them at once, and confirms them in their order. ``totals`` says what became of them."""

    def __init__(
        self,
        api: MailchimpApi,
        settings: Settings,
        ctx: Context,
        sent: Sent,
        rejects: Rejects,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._settings = settings
        self._ctx = ctx
        self._sent = sent
        self._rejects = rejects
        self._underway = Underway(ctx, sent.token, keep=settings.resume)
        self._sleep = sleep
        self._clock = clock
        self._total = 0
        self._done = 0
        api.tell = self.tell

    def send(self, batches: Iterable[list[Contact]], total: int) -> None:
        """Send what is not confirmed yet; ``batches`` begins there. ``total`` is the number of all contacts.

        Raises:
            UserError: Mailchimp refuses or does not answer. What was confirmed until then is not sent again.
        """
        self._total = total
        self._done = min(self._sent.done * self._settings.batch_size, total)
        self._wait_for_others()
        flights: deque[_Flight] = deque()
        for number, contacts in enumerate(batches, start=self._sent.done):
            if len(flights) >= self._settings.parallel_batches:
                self._settle(flights.popleft())
            flights.append(self._launch(number, contacts))
        while flights:
            self._settle(flights.popleft())
        self._underway.clear()

    def _wait_for_others(self) -> None:
        """Old values must not arrive after new ones: batches of an attempt with another input end first."""
        for batch in self._underway.others:
            about = self._api.look_at(batch)
            if about is not None and not about.finished:
                self._ctx.log(f"waiting for batch {batch} of an attempt with other rows or parameters")
                self._wait(batch)

    def tell(self, text: str) -> None:
        """Progress with a word on what is being waited for."""
        self._ctx.progress(self._done, self._total, text)

    def _launch(self, number: int, contacts: list[Contact]) -> _Flight:
        known = self._underway.get(number)
        if known is not None and self._api.look_at(known) is not None:
            self._ctx.log(f"batch {number + 1} was handed over by the attempt before; its results are taken")
            return _Flight(number, contacts, known)
        batch = self._api.submit([self._operation(contact) for contact in contacts])
        self._underway.put(number, batch)
        self.tell("contacts")
        return _Flight(number, contacts, batch)

    def _operation(self, contact: Contact) -> Operation:
        members = f"/lists/{self._settings.audience}/members"
        body: dict[str, Any] = {"email_address": contact.address}
        if contact.fields:
            body["merge_fields"] = contact.fields
        if self._settings.update_existing:
            return _operation(contact, "PUT", f"{members}/{contact.hash}", {**body, _NEW: self._settings.status_if_new})
        # Adds only: a contact that exists is refused, and stays as it is.
        return _operation(contact, "POST", members, {**body, "status": self._settings.status_if_new})

    def _settle(self, flight: _Flight) -> None:
        """Wait for a batch, sort its results, set tags, confirm it."""
        wanted = any(contact.tags for contact in flight.contacts)
        answers = self._complete(flight.batch, flight.contacts, self._operation, look=wanted)
        written: list[tuple[Contact, Result | None]] = []
        rejects: list[tuple[int, str, str]] = []
        skipped = 0
        for contact in flight.contacts:
            result = answers.get(str(contact.row))
            if result is None or result.status < 400:
                written.append((contact, result))
            elif _exists(result) and not self._settings.update_existing:
                skipped += 1
            elif result.status in _NOT_THE_CONTACT:
                raise UserError(
                    f'Mailchimp refuses to write to the audience "{safe_line(self._settings.audience, 60)}" '
                    f"({result.status} {_reason(result)}); check that it exists and what the user of the key may do"
                )
            else:
                rejects.append((contact.row, contact.address, _reason(result)))
        tagged = self._tag(written, rejects) if wanted else 0
        for reject in rejects:
            self._rejects.add(*reject)
        accepted = len(flight.contacts) - skipped - len(rejects)
        info = {"accepted": accepted, "skipped": skipped, "rejected": len(rejects), "tagged": tagged}
        self._sent.mark(flight.number, {**info, "rejects": rejects})
        self._underway.remove(flight.number)
        self._done += len(flight.contacts)
        self.tell("contacts")

    def _tag(self, written: Sequence[tuple[Contact, Result | None]], rejects: list[tuple[int, str, str]]) -> int:
        """Add the tags that contacts lack; they keep the others. Returns how many contacts got some."""
        lacking = {contact.row: names for contact, result in written if (names := _lacking(contact, result))}
        contacts = [contact for contact, _ in written if contact.row in lacking]
        if not contacts:
            return 0

        def operation(contact: Contact) -> Operation:
            path = f"/lists/{self._settings.audience}/members/{contact.hash}/tags"
            tags = [{"name": name, "status": "active"} for name in lacking[contact.row]]
            return _operation(contact, "POST", path, {"tags": tags})

        batch = self._api.submit([operation(contact) for contact in contacts])
        answers = self._complete(batch, contacts, operation)
        failed = 0
        for contact in contacts:
            result = answers.get(str(contact.row))
            if result is not None and result.status >= 400:
                failed += 1
                rejects.append((contact.row, contact.address, f"written, but without its tags: {_reason(result)}"))
        return len(contacts) - failed

    def _complete(
        self, batch: str, contacts: list[Contact], operation: Callable[[Contact], Operation], *, look: bool = False
    ) -> dict[str, Result]:
        """The results of a batch, as far as they are needed: without errors, and with as many operations as were handed
        over, only where ``look`` says so.

        What Mailchimp failed to carry out, for reasons of its own, is handed over again.
        """
        found: dict[str, Result] = {}
        failed = contacts
        for attempt in range(_ROUNDS):
            about = self._wait(batch)
            if not about.errored and not look and about.done >= len(failed):
                return found
            found |= self._results(batch, about)
            failed = [contact for contact in contacts if _transient(found.get(str(contact.row)))]
            if not failed:
                return found
            if attempt + 1 < _ROUNDS:
                self._ctx.log(f"Mailchimp failed to carry out {len(failed)} of {len(contacts)} operations; once more")
                for contact in failed:
                    found.pop(str(contact.row), None)
                batch = self._api.submit([operation(contact) for contact in failed])
        last = found.get(str(failed[0].row))
        said = _reason(last) if last is not None else "no result"
        raise UserError(
            f"Mailchimp failed {_ROUNDS} times to carry out {len(failed)} operations of a batch ({said}); run the task "
            "again later: what was confirmed is not sent again"
        )

    def _results(self, batch: str, about: Progress) -> dict[str, Result]:
        folder = scratch_folder(self._ctx.data_dir)
        folder.mkdir(parents=True, exist_ok=True)
        if not about.archive:
            raise UserError(f"batch {batch} is finished and has no results; run the task again")
        return self._api.results(about.archive, folder / "results.tar.gz")

    def _wait(self, batch: str) -> Progress:
        """Until the batch is finished. Raises: UserError when nothing moves for ``batch_timeout`` seconds."""
        pause, before, moved = self._settings.poll_interval, -1, self._clock()
        while True:
            about = self._api.look_at(batch)
            if about is None:
                raise UserError(f"Mailchimp does not know batch {batch} any more; run the task again")
            if about.finished:
                return about
            if about.done != before:
                before, moved = about.done, self._clock()
            waited = self._clock() - moved
            if waited >= self._settings.batch_timeout:
                raise UserError(
                    f"batch {batch} stands at {about.done} of {about.total} operations for {waited:.0f} s; run the "
                    "task again: it goes on with this batch and sends nothing twice"
                )
            self.tell(f"Mailchimp works on a batch: {about.done} of {about.total}")
            self._sleep(pause)
            pause = min(pause * 1.5, max(_SLOWEST, self._settings.poll_interval))


_NEW = "status_if_new"


def _operation(contact: Contact, method: str, path: str, body: dict[str, Any]) -> Operation:
    text = json.dumps(body, ensure_ascii=False)
    return {"method": method, "path": path, "operation_id": str(contact.row), "body": text}


def _transient(result: Result | None) -> bool:
    """True when the operation may work another time: no result, "too many requests", or an error of the server."""
    return result is None or result.status in (0, 408, 429) or result.status >= 500


def _exists(result: Result) -> bool:
    return str(result.body.get("title", "")).casefold() == "member exists"


def _reason(result: Result) -> str:
    """Mailchimp's own words: title, detail and the fields that are wrong."""
    title, detail = str(result.body.get("title") or ""), str(result.body.get("detail") or "")
    errors = result.body.get("errors")
    fields = [
        f"{item.get('field')}: {item.get('message')}"
        for item in (errors if isinstance(errors, list) else [])[:5]
        if isinstance(item, dict)
    ]
    parts = [part.rstrip(". ") for part in (title, detail, "; ".join(fields)) if part]
    return safe_line(": ".join(parts) or f"status {result.status}", 300)


def _lacking(contact: Contact, result: Result | None) -> list[str]:
    """The contact's tags that Mailchimp's answer does not name; it names 50 at most, and more does no harm."""
    tags = result.body.get("tags") if result is not None else None
    there = {str(tag.get("name", "")).casefold() for tag in tags or [] if isinstance(tag, dict)}
    return [name for name in contact.tags if name.casefold() not in there]
