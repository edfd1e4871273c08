"""Mailchimp's Marketing API as far as the writer needs it, with its failures in sentences.

Source: https://mailchimp.com/developer/marketing/api/ and, for batches of operations,
https://mailchimp.com/developer/marketing/guides/run-async-requests-batch-endpoint/
"""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from orch_tui.components.http.auth.settings import Auth
from orch_tui.components.http.wire.responses import HttpError
from orch_tui.components.kit.expansion import Expansion, Limited
from orch_tui.components.kit.sql import listed
from orch_tui.model.errors import UserError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    import httpx

_DATA_CENTRE = re.compile(r"[a-z]{2,4}\d{1,4}")
_PAGE = 1000
"""The most that Mailchimp returns in one page."""
_EXPANSION = Expansion(parameter="")
_BLOCK = 2**20


@dataclass(frozen=True, slots=True)
class MergeField:
    """A field of an audience. ``kind`` is Mailchimp's type: text, number, address, date, birthday and so on."""

    tag: str
    kind: str
    required: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch of operations is. ``archive`` is the address of its results once it is finished."""

    finished: bool
    done: int
    total: int
    errored: int
    archive: str


@dataclass(frozen=True, slots=True)
class Result:
    """What one operation of a batch was answered with."""

    status: int
    body: dict[str, Any]


def api_url(api_key: str, server: str | None = None, base_url: str | None = None) -> str:
    """The address of the API: ``base_url``, or that of a data centre, which is also the end of every key (-us21).

    Raises:
        UserError: neither says which data centre it is.
    """
    if base_url:
        return base_url.rstrip("/")
    centre = (server or api_key.rpartition("-")[2]).strip().lower()
    if not _DATA_CENTRE.fullmatch(centre):
        raise UserError(
            "api_key does not end with its data centre (such as -us21); copy the whole key from Mailchimp "
            "(Account & billing > Extras > API keys), or name the data centre in the parameter server"
        )
    return f"https://{centre}.api.mailchimp.com/3.0"


class MailchimpApi:
    """The API of one account. A context manager; one connection, so far below Mailchimp's limit of ten.

    ``tell`` is called with a text whenever a request waits. Every method raises UserError (one sentence) when
    Mailchimp refuses, fails or does not answer.
    """

    def __init__(
        self,
        url: str,
        api_key: SecretStr,
        *,
        timeout: float = 60.0,
        retries: int = 5,
        log: Callable[[str], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        from orch_tui.components.http.client import HttpClient

        if not api_key.get_secret_value().strip():
            raise UserError("api_key is empty; check the variable it comes from")
        self.url = url
        self.tell: Callable[[str], None] = lambda text: None
        key = api_key.get_secret_value().strip()
        auth = Auth.model_validate({"type": "basic", "username": "orch-tui", "password": key})
        self._http = HttpClient(url, auth, timeout=timeout, retries=retries, log=log, progress=self._waits, sleep=sleep)
        # Results lie on another host, at a signed address that refuses a request with credentials.
        self._elsewhere = HttpClient(
            url, None, timeout=timeout, retries=retries, log=log, progress=self._waits, sleep=sleep
        )

    def __enter__(self) -> MailchimpApi:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.__exit__(kind, error, trace)
        self._elsewhere.__exit__(kind, error, trace)

    def _waits(self, text: str) -> None:
        self.tell(text)

    def account(self) -> str:
        """The account's name. The first request of all, so wrong keys and addresses are told here."""
        self._get("/ping")
        return safe_line(str(self._get("/", fields="account_name").get("account_name") or "without a name"), 80)

    def audience(self, audience: str) -> tuple[str, int]:
        """Name and number of contacts in any state (about, says Mailchimp)."""
        try:
            about = self._get(f"/lists/{audience}", include_total_contacts="true", fields="name,stats")
        except HttpError as error:
            if error.status != 404:
                raise
            raise UserError(self._no_audience(audience)) from error
        stats = about.get("stats") or {}
        count = stats.get("total_contacts", stats.get("member_count", 0))
        return safe_line(str(about.get("name") or audience), 80), int(count or 0)

    def merge_fields(self, audience: str) -> list[MergeField]:
        """All merge fields of an audience; the address itself is none of them."""
        found: list[MergeField] = []
        while True:
            page = self._get(f"/lists/{audience}/merge-fields", count=_PAGE, offset=len(found))
            fields = page.get("merge_fields") or []
            found += [
                MergeField(str(item.get("tag", "")), str(item.get("type", "text")), bool(item.get("required")))
                for item in fields
            ]
            total = int(page.get("total_items") or 0)
            if not fields and len(found) < total:
                raise UserError(
                    f"Mailchimp counts {total} merge fields of the audience and gave {len(found)}; run the task again"
                )
            if not fields or len(found) >= total:
                return found

    def submit(self, operations: Sequence[dict[str, Any]]) -> str:
        """Hand over a batch of operations and return its id.

        Every operation here sets values and can be carried out twice with the same result, so a request whose
        answer was lost is sent again.
        """
        reply = self._http.request("POST", "/batches", json={"operations": list(operations)}, idempotent=True)
        number = _object(reply).get("id")
        if not isinstance(number, str) or not re.fullmatch(r"[\w-]{1,64}", number):
            raise UserError(f"{self.url}/batches: Mailchimp took a batch and gave it no id; run the task again")
        return number

    def look_at(self, batch: str) -> Progress | None:
        """How far a batch is; None when Mailchimp does not know it (any more)."""
        reply = self._http.request("GET", f"/batches/{batch}", accept=(404,))
        if reply.status_code == 404:
            return None
        about = _object(reply)
        return Progress(
            finished=about.get("status") == "finished",
            done=int(about.get("finished_operations") or 0),
            total=int(about.get("total_operations") or 0),
            errored=int(about.get("errored_operations") or 0),
            archive=str(about.get("response_body_url") or ""),
        )

    def results(self, archive: str, scratch: Path) -> dict[str, Result]:
        """The results of a finished batch by the id of each operation. ``scratch`` is a file for the download."""
        try:
            self._elsewhere.request("GET", archive, into=scratch)
            return unpacked_results(scratch)
        except (
            tarfile.TarError,
            zlib.error,
            EOFError,
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
        ) as error:
            if isinstance(error, OSError) and error.errno:
                # The disk's fault, which has a sentence of its own; a broken archive has no number.
                raise
            raise UserError(
                f"the results of a batch cannot be read ({safe_line(str(error) or type(error).__name__, 120)}); run "
                "the task again: it asks for them anew and sends nothing twice"
            ) from error
        finally:
            scratch.unlink(missing_ok=True)

    def _get(self, path: str, **params: Any) -> dict[str, Any]:
        try:
            return _object(self._http.request("GET", path, params=params))
        except HttpError as error:
            if error.status not in (401, 403):
                raise
            raise UserError(
                f"Mailchimp refuses the API key at {self.url} ({error.status}"
                f"{': ' + error.detail if error.detail else ''}); make a new one under Account & billing > Extras > "
                "API keys, and check that its end names the data centre"
            ) from error

    def _no_audience(self, audience: str) -> str:
        there = self._get("/lists", fields="lists.id,lists.name", count=20).get("lists") or []
        names = [f"{item.get('id')} ({item.get('name')})" for item in there if isinstance(item, dict)]
        hint = f"there are {listed(names)}" if names else "the account has none"
        return f'this account has no audience "{safe_line(audience, 60)}"; {hint}'


def _object(reply: httpx.Response) -> dict[str, Any]:
    try:
        body = reply.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise UserError(
            f"{reply.request.method} {reply.request.url.host}{reply.request.url.path}: the answer is not Mailchimp's; "
            "check server or base_url"
        )
    return body


def unpacked_results(archive: Path, expansion: Expansion = _EXPANSION) -> dict[str, Result]:
    """The archive holds JSON files with a list of results each, whose answers are JSON in a text once more.

    Raises:
        UserError: it expands too far.
        tarfile.TarError, zlib.error, EOFError, OSError, ValueError, KeyError, TypeError, AttributeError: it is broken.
    """
    found: dict[str, Result] = {}
    label, size = "the archive with the results of a batch", archive.stat().st_size
    with (
        gzip.open(archive) as plain,
        io.BufferedReader(Limited(plain, label, size, expansion)) as tar,
        tarfile.open(fileobj=tar, mode="r|") as packed,
    ):
        for item in packed:
            # A file with holes is longer than what is stored of it, and is read as a whole.
            expansion.check(label, size, item.size)
            file = packed.extractfile(item) if item.isfile() and item.name.endswith(".json") else None
            if file is None:
                continue
            for entry in json.load(file):
                text = entry.get("response") or "{}"
                try:
                    body = parse_json(text) if isinstance(text, str) else text
                except ValueError:
                    body = {"detail": text}
                result = Result(int(entry["status_code"]), body if isinstance(body, dict) else {})
                found[str(entry["operation_id"])] = result
        while tar.read(_BLOCK):
            # The check sum comes behind the last byte.
            continue
    return found
