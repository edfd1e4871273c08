"""Component ``mailchimp-writer``: the contacts of a table into an audience of Mailchimp, added and updated."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from orch_tui.components import kit
from orch_tui.components.kit.checkpoint import Sent, content_key
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.sql import listed
from orch_tui.components.mailchimp.api import MailchimpApi, api_url
from orch_tui.components.mailchimp.contacts import TAG_LIMIT, Contacts, FieldMapping, find_columns, find_fields
from orch_tui.components.mailchimp.rejects import Rejects
from orch_tui.components.mailchimp.send import Sender
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import folded, readable

_TEST_TIMEOUT = 6.0
"""Seconds for each of the four requests of a test, which has 30 in all."""


class Parameters(kit.Parameters):
    """Which columns go where, and what becomes of contacts that are there already."""

    api_key: SecretStr = Field(
        title="API key",
        description="From Account & billing > Extras > API keys; its end (-us21) names the data centre.",
        json_schema_extra={"x-secret": True},
    )
    audience: str = Field(
        min_length=1,
        max_length=64,
        title="Audience id",
        description="From Audience > Settings > Audience name and defaults, such as a1b2c3d4e5.",
    )
    email_column: str = Field("email", min_length=1, title="E-mail column", description="The column with the address.")
    merge_fields: dict[str, str] = Field(
        default_factory=dict,
        title="Merge fields",
        description="Column of the table and merge field of the audience: first_name = FNAME.",
    )
    tags: list[str] = Field(
        default_factory=list, title="Tags", description="Tags that every contact gets; tags are only added."
    )
    tags_column: str | None = Field(
        None,
        min_length=1,
        title="Tags column",
        description="A column with further tags of each contact: a list, or a text with commas.",
    )
    status_if_new: Literal["subscribed", "pending", "unsubscribed", "transactional"] = Field(
        "subscribed",
        title="Status of new contacts",
        description="pending: Mailchimp asks them to confirm. The status of a contact that exists is never changed.",
    )
    update_existing: bool = Field(
        True,
        title="Update existing",
        description="Write merge fields and tags of contacts that exist; otherwise they are left alone.",
    )
    on_rejected: Literal["warn", "fail"] = Field(
        "warn",
        title="Rejected contacts",
        description="What contacts that Mailchimp does not take do to the task, once all others are sent.",
    )
    server: str | None = Field(
        None, title="Data centre", description="Such as us21, where the API key does not say it."
    )
    base_url: str | None = Field(
        None, title="Address", description="Another address of the API: a proxy, or a stand-in for tests."
    )
    batch_size: int = Field(500, ge=1, le=500, title="Batch size", description="Contacts in one request.")
    parallel_batches: int = Field(
        10, ge=1, le=100, title="Batches at once", description="How many batches Mailchimp may work on at a time."
    )
    poll_interval: float = Field(
        2.0, ge=0.01, le=300, title="Poll interval", description="Seconds before the second look at a batch."
    )
    batch_timeout: int = Field(
        1800, ge=1, le=86_400, title="Batch timeout", description="Seconds that a batch may stand still."
    )
    timeout: float = Field(60.0, ge=1, le=600, title="Timeout", description="Seconds to wait for an answer.")
    retries: int = Field(5, ge=0, le=20, title="Retries", description="How often a failed request is repeated.")
    resume: bool = Field(True, title="Resume", description="After a failure, send only what was not confirmed before.")

    @model_validator(mode="after")
    def _sensible(self) -> Parameters:
        tags = [folded(tag) for tag in self.merge_fields.values()]
        if twice := [tag for tag in self.merge_fields.values() if tags.count(folded(tag)) > 1]:
            raise ValueError(f"merge_fields: two columns go to {safe_line(twice[0], 60)}; map one of them")
        if "email" in tags:
            raise ValueError("merge_fields: the address is no merge field; name its column in email_column")
        if any(not tag.strip() for tag in [*self.merge_fields.values(), *self.tags]):
            raise ValueError("a merge field or a tag is empty")
        if not re.fullmatch(r"[\w-]+|.*(\$\{|\{\{).*", self.audience):
            raise ValueError("audience: an id has only letters and digits, such as a1b2c3d4e5")
        return self


def run(parameters: Parameters, ctx: Context) -> None:
    """Send the contacts of the only input.

    Raises:
        UserError: columns or merge fields do not exist, Mailchimp refuses or does not answer, or contacts were
            rejected and ``on_rejected`` is "fail".
    """
    import duckdb

    try:
        _run(parameters, ctx)
    except duckdb.InternalException:
        raise
    except duckdb.Error as error:
        raise UserError(f"the rows of {ctx.only_input().table} cannot be read: {readable(error)}") from error


def _run(parameters: Parameters, ctx: Context) -> None:
    table = ctx.only_input()
    find_columns(table, parameters.email_column, parameters.merge_fields, parameters.tags_column)
    with Rejects(ctx) as rejects:
        rejects.check_outputs()
        if table.rows == 0:
            ctx.warn(f"{table.table} has no rows, so nothing was sent")
            rejects.finish()
            return
        with _connected(parameters, ctx) as api:
            mapping = _look_up(parameters, ctx, api)
            contacts = Contacts(ctx, table, mapping, parameters.tags)
            try:
                _send(parameters, ctx, api, contacts, rejects)
            finally:
                contacts.close()


def _connected(parameters: Parameters, ctx: Context) -> MailchimpApi:
    url = api_url(parameters.api_key.get_secret_value(), parameters.server, parameters.base_url)
    return MailchimpApi(url, parameters.api_key, timeout=parameters.timeout, retries=parameters.retries, log=ctx.log)


def _look_up(parameters: Parameters, ctx: Context, api: MailchimpApi) -> FieldMapping:
    """Account, audience and merge fields as they are, before anything is sent."""
    account = api.account()
    name, count = api.audience(parameters.audience)
    ctx.log(f'account {account}, audience "{name}" with about {count} contacts')
    known = api.merge_fields(parameters.audience)
    fields = find_fields(parameters.merge_fields, known, parameters.audience)
    mapped = {field.tag for field in fields.values()}
    if required := [field.tag for field in known if field.required and field.tag not in mapped]:
        ctx.log(f"the audience requires {listed(required)}, which no column is mapped to: it rejects new contacts")
    table = ctx.only_input()
    columns = find_columns(table, parameters.email_column, parameters.merge_fields, parameters.tags_column)
    return FieldMapping(
        columns[parameters.email_column],
        tuple((columns[column], field) for column, field in fields.items()),
        columns[parameters.tags_column] if parameters.tags_column else None,
    )


def _send(parameters: Parameters, ctx: Context, api: MailchimpApi, contacts: Contacts, rejects: Rejects) -> None:
    if contacts.duplicates:
        ctx.log(
            f"{_count(contacts.duplicates, 'row')} left out, since a later row has the same address: "
            f"{listed(contacts.repeated(), 5)}"
        )
    for row, address, reason in contacts.rejected():
        rejects.add(row, address, reason)
    with Sent(ctx, _key(parameters, ctx, api), resume=parameters.resume) as sent:
        if sent.discarded:
            ctx.log("an attempt with other rows or parameters was not finished; everything is sent from the beginning")
        if sent.done:
            ctx.log(f"going on after {_count(sent.done, 'batch', 'es')} that the attempt before sent")
            for _, info in sent.entries():
                for row, address, reason in info.get("rejects") or []:
                    rejects.add(int(row), str(address), str(reason))
        sender = Sender(api, parameters, ctx, sent, rejects)
        sender.send(contacts.batches(parameters.batch_size, sent.done), contacts.total)
        batches, totals = sent.done, dict(sent.totals)
        _require_all(contacts, totals)
        sent.clear()
    _tell_of_values(ctx, contacts)
    _report(parameters, ctx, contacts, rejects, batches, totals)


def _require_all(contacts: Contacts, totals: dict[str, int]) -> None:
    """Raises: UserError when a contact was neither accepted nor rejected nor left alone."""
    counted = sum(totals.get(name, 0) for name in ("accepted", "skipped", "rejected"))
    if counted != contacts.total:
        raise UserError(
            f"{contacts.total} contacts were to be sent, and {counted} are accounted for; run the task again with "
            "resume = false, and report this as a fault of the program"
        )


def _tell_of_values(ctx: Context, contacts: Contacts) -> None:
    if contacts.no_numbers:
        ctx.log(f"{_count(contacts.no_numbers, 'value')} NaN or infinite, which no field can hold: not sent")
    if long_tags := contacts.long_tags:
        ctx.warn(
            f"{_count(len(long_tags), 'tag')} not set, since Mailchimp takes {TAG_LIMIT} characters; the first: "
            f"{safe_line(long_tags[0], 60)}"
        )


def _key(parameters: Parameters, ctx: Context, api: MailchimpApi) -> str:
    """What decides which contacts are in which batch, and what is written."""
    chosen = parameters.model_dump(
        mode="json",
        include={
            "audience", "email_column", "merge_fields", "tags", "tags_column", "status_if_new", "update_existing",
            "batch_size",
        },
    )  # fmt: skip
    return content_key(ctx.only_input(), api.url, chosen)


def _report(
    parameters: Parameters, ctx: Context, contacts: Contacts, rejects: Rejects, batches: int, totals: dict[str, int]
) -> None:
    accepted, skipped = totals.get("accepted", 0), totals.get("skipped", 0)
    ctx.metrics.update(
        rows=contacts.rows, batches=batches, accepted=accepted, rejected=rejects.count, duplicates=contacts.duplicates
    )
    parts = [f"{accepted} accepted", f"{rejects.count} rejected"]
    if not parameters.update_existing:
        ctx.metrics["skipped"] = skipped
        parts.append(f"{skipped} exist and were left alone")
    if parameters.tags or parameters.tags_column:
        ctx.metrics["tagged"] = totals.get("tagged", 0)
        parts.append(f"{totals.get('tagged', 0)} got tags")
    ctx.log(f"{_count(contacts.rows, 'row')} in {_count(batches, 'batch', 'es')}: {', '.join(parts)}")
    rejects.finish()
    if not rejects.count:
        return
    sentence = (
        f"{rejects.count} of {_count(contacts.rows, 'row')} rejected ({rejects.why}); the first are in the log, all of "
        f"them in {rejects.shown}"
    )
    if parameters.on_rejected == "fail":
        raise UserError(f"{sentence}. All others are in the audience. Correct the rows, or set on_rejected to warn")
    ctx.warn(sentence)


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number} {noun}{'' if number == 1 else plural}"


def test_connection(parameters: Parameters, ctx: Context) -> str:
    """One sentence: which account and audience answered.

    Raises:
        UserError: the key, the audience or a merge field is wrong, or nothing answered.
    """
    url = api_url(parameters.api_key.get_secret_value(), parameters.server, parameters.base_url)
    with MailchimpApi(url, parameters.api_key, timeout=_TEST_TIMEOUT, retries=0, log=ctx.log) as api:
        account = api.account()
        name, count = api.audience(parameters.audience)
        if parameters.merge_fields:
            find_fields(parameters.merge_fields, api.merge_fields(parameters.audience), parameters.audience)
    return f'connected to account {account}, audience "{name}" with about {_count(count, "contact")}'


if __name__ == "__main__":
    kit.main(Parameters, run, test_connection)
