"""The HTTP writer judged by a program of others: Prism, with the OpenAPI description of a real API."""

from __future__ import annotations

from pathlib import Path

from orch_tui.storage.tables import Publication

from tests.integration.attempts import attempt
from tests.servers.http_server import Answer, HttpServer
from tests.servers.prism import Prism
from tests.support.tables import parquet_file

# The address of the second one is a number.
CONTACTS = """
    select * from (values
        ('a1', '"ada@example.com"'::json, 'subscribed', 'Ada', true),
        ('b/2', '7'::json, 'subscribed', 'Bob', false),
        ('c3', '"c@example.com"'::json, 'pending', null, null)
    ) t(hash, email, status, first_name, vip)
"""
COLUMNS = {"email": "email_address", "status": "status_if_new", "first_name": "merge_fields.FNAME", "vip": "vip"}


def test_rows_keep_to_an_openapi_description_and_a_rejected_one_is_told(tmp_path: Path) -> None:
    # GIVEN Mailchimp's description of PUT /lists/{list_id}/members/{subscriber_hash} between the writer and a server
    with HttpServer() as server, Prism(tmp_path, server.url) as prism:
        for path in ("/lists/l1/members/a1", "/lists/l1/members/c3"):
            server.script(path, Answer(json={"id": "x"}))
        given = attempt(
            tmp_path,
            {
                "url": f"{prism.url}/lists/l1/members/{{hash}}",
                "method": "PUT",
                "columns": COLUMNS,
                "nulls": "omit",
                "auth": {"type": "basic", "username": "any", "password": "${KEY}"},
                "on_rejected": "warn",
            },
            [{"source": "crm/contacts", "destination": "contacts"}],
            secrets={"KEY": "0123456789abcdef-us1"},
        )
        given.storage.publish([Publication("crm/contacts", parquet_file(tmp_path / "seed.parquet", CONTACTS))])
        # WHEN three rows are sent
        code, out, err = given.run("orch_tui.components.http_api.writer")
        # THEN Prism lets through what the description allows, and the one it does not is told
        assert (code, err) == (0, ""), out + err
        assert [call.json for call in server.calls] == [
            {
                "email_address": "ada@example.com",
                "status_if_new": "subscribed",
                "merge_fields": {"FNAME": "Ada"},
                "vip": True,
            },
            {"email_address": "c@example.com", "status_if_new": "pending"},
        ]
        assert given.result["metrics"] == {"rows": 2, "requests": 3, "rejected": 1}
        assert "rejected: row 2: 422 Your request is not valid" in out
        (fault,) = prism.violations
        assert "/lists/l1/members/b%2F2" in fault
