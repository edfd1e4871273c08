"""The parameters of ``http-writer``: where rows go, in which form, and what is done when the server refuses."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from orch_tui.components import kit
from orch_tui.components.http.auth.settings import Auth
from orch_tui.components.http_api.row_answers import RowAnswers
from orch_tui.components.http_api.writer_rows import PLACEHOLDER

_DEFAULT_BATCH = 100
_SEVERAL = ("array", "ndjson")


class Parameters(kit.Parameters):
    """Where the rows go, in which form, and what happens when the server refuses."""

    url: str = Field(
        min_length=1,
        title="Address",
        description='Where each request goes. "{column}" in it is replaced by the row\'s value, as in '
        '"https://api.example.com/contacts/{id}".',
    )
    method: Literal["POST", "PUT", "PATCH", "DELETE"] = Field(
        "POST", title="Method", description="What the server is asked to do with the rows."
    )
    body: Literal["json", "array", "ndjson", "form", "none"] = Field(
        "json",
        title="Body",
        description="json: one row as an object. array: several rows as an array. ndjson: several rows, an object in "
        "each line. form: one row as a form. none: one row, which is in the address only.",
    )
    key: str | None = Field(
        None, min_length=1, title="Key", description="array: the body is an object with the rows under this key."
    )
    batch_size: int | None = Field(
        None, ge=1, le=10_000, title="Batch size", description="array and ndjson: rows in a request; 100 if left out."
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        title="Columns",
        description='Columns to send and their names in the body, as { city = "address.city" }; all if empty.',
    )
    nested: bool = Field(
        True, title="Nested", description='A dot in a name makes an object: "address.city" is {"address": {"city": …}}.'
    )
    nulls: Literal["send", "omit"] = Field(
        "send", title="Nulls", description="A column without a value: send null (in a form: empty), or leave it out."
    )
    headers: dict[str, str] = Field(default_factory=dict, title="Headers", description="Sent with every request.")
    auth: Auth = Field(default_factory=lambda: Auth.model_validate({}), title="Authentication")
    idempotency_header: str = Field(
        "Idempotency-Key",
        pattern=r"^[A-Za-z0-9_-]*$",
        title="Idempotency header",
        description="The header with a key that a batch keeps however often it is sent; empty for none.",
    )
    repeatable: bool = Field(
        False,
        title="Repeatable",
        description="The server takes the same POST or PATCH twice without harm, for instance because it knows the "
        "idempotency key: it is repeated when no answer came. PUT and DELETE always are.",
    )
    on_rejected: Literal["fail", "warn"] = Field(
        "fail",
        title="When a row is rejected",
        description="fail: stop. warn: count and list it, and go on; for one row in each request, or with an answer "
        "that tells rows apart.",
    )
    resume: bool = Field(
        True,
        title="Resume",
        description="After a failure the next attempt goes on behind the last confirmed batch, if the rows are the "
        "same. Otherwise all is sent again.",
    )
    retries: int = Field(5, ge=0, le=20, title="Retries", description="How often one request is repeated.")
    timeout: float = Field(30, gt=0, le=3600, title="Timeout", description="Seconds to wait for an answer.")
    requests_per_minute: int | None = Field(
        None, ge=1, title="Requests per minute", description="At most so many; no limit if left out."
    )
    answer: RowAnswers = Field(default_factory=lambda: RowAnswers.model_validate({}), title="Answer")

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        if "://" in value and PLACEHOLDER.search(urlsplit(value).netloc):
            raise ValueError("a column can be in the path or in the query, not in the host")
        if not value.strip().startswith(("http://", "https://", "${", "{{")):
            raise ValueError('it must be a full address that begins with "https://" (or "http://")')
        return value.strip()

    @model_validator(mode="after")
    def _sensible(self) -> Parameters:
        several = self.body in _SEVERAL
        if PLACEHOLDER.search(self.url) and several:
            raise ValueError('a "{column}" in url needs one row in each request: body json, form or none')
        if self.batch_size is not None and not several:
            raise ValueError(f'batch_size is for body array and ndjson; body "{self.body}" is one row in each request')
        if self.key is not None and self.body != "array":
            raise ValueError('key is for body "array"')
        if self.on_rejected == "warn" and several and self.answer.type == "none":
            raise ValueError(
                "on_rejected = warn needs one row in each request (body json, form or none), or an answer that says "
                "which rows were refused: of a refused batch it is not known which row is wrong"
            )
        return self

    @property
    def rows_per_request(self) -> int:
        return (self.batch_size or _DEFAULT_BATCH) if self.body in _SEVERAL else 1
