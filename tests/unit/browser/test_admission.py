"""Who may open the page."""

from __future__ import annotations

import pytest
from orch_tui.browser.admission import Admission, Refusal

OURS = Admission(8750)


def cookies(admission: Admission = OURS) -> dict[str, str]:
    return {admission.cookie: admission.token}


@pytest.mark.parametrize("host", ["127.0.0.1:8750", "localhost:8750", "localhost", "[::1]:8750", "localhost:9999"])
def test_who_has_the_token_and_comes_by_a_name_of_this_machine_is_let_in(host: str) -> None:
    # GIVEN a request of our own page, perhaps through a forwarded port
    headers = {"Host": host, "Origin": f"http://{host}"}
    # THEN it is not refused, with an origin or without one
    assert OURS.refusal(headers, cookies()) is None
    assert OURS.refusal({"Host": host}, cookies()) is None


@pytest.mark.parametrize("host", ["evil.example:8750", "127.0.0.1.evil.example", "", "[::1", "localhost@evil.example"])
def test_a_name_of_another_machine_is_refused(host: str) -> None:
    # GIVEN the right token, under a name that somebody made lead here (rebinding)
    assert OURS.refusal({"Host": host}, cookies()) is Refusal.HOST


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://127.0.0.1:8750", "http://localhost:8750", "null", ""]
)
def test_a_page_of_another_site_is_refused(origin: str) -> None:
    assert OURS.refusal({"Host": "127.0.0.1:8750", "Origin": origin}, cookies()) is Refusal.ORIGIN


@pytest.mark.parametrize(
    "token",
    ["", "x", "é", "\udcff", OURS.token[:-1], OURS.token + "A"],
    # Not by the token, which is another one in each process of the tests.
    ids=["none", "ascii", "letter", "surrogate", "shorter", "longer"],
)
def test_another_token_is_refused(token: str) -> None:
    assert OURS.refusal({"Host": "localhost"}, {OURS.cookie: token}) is Refusal.TOKEN


def test_each_start_has_a_token_of_its_own_and_each_port_a_cookie() -> None:
    other = Admission(8751)
    assert other.token != OURS.token
    assert other.refusal({"Host": "localhost"}, cookies()) is Refusal.TOKEN
