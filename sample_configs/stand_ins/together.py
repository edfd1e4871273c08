"""The three stand-ins of the sample pipeline together, and the command that runs it against them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sample_configs.stand_ins import adform, mailchimp, snowflake

PROJECT = Path(__file__).resolve().parents[1]
ORCHESTRATION = "campaigns-to-mailchimp"


@dataclass(frozen=True, slots=True)
class StandIns:
    """Three servers that answer: where they are, and who one is there."""

    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    mailchimp: mailchimp.StandIn


@contextlib.contextmanager
def all_of_them(
    state: Path | None = None, fakesnow: Path | None = None, *, for_version_5: bool = True
) -> Iterator[StandIns]:
    """The three, ended at the end of the block.

    Args:
        state: a file that keeps the contacts of Mailchimp between two starts.
        fakesnow: a virtual environment with it; made on first use if not given.
        for_version_5: complete its answer to a login for that version of the connector, which is the newest one.

    Raises:
        RuntimeError: fakesnow cannot be installed or does not answer.
    """
    settings = adform.Settings()
    with contextlib.ExitStack() as stack:
        snow = stack.enter_context(snowflake.serve(home=fakesnow, for_version_5=for_version_5))
        ads = stack.enter_context(contextlib.closing(adform.serve(settings=settings)))
        mail = stack.enter_context(mailchimp.serve(state=state))
        yield StandIns(
            {
                "adform_url": ads.url,
                "adform_token_url": f"{ads.url}{adform.TOKEN}",
                "snowflake_account": "fakesnow",
                "snowflake_host": snow.host,
                "snowflake_port": str(snow.port),
                "snowflake_protocol": "http",
                "mailchimp_url": f"{mail.url}/3.0",
                "mailchimp_audience": mail.audience.id,
            },
            {
                "ADFORM_CLIENT_ID": settings.client_id,
                "ADFORM_CLIENT_SECRET": settings.client_secret,
                "SNOWFLAKE_USER": "sample",
                "SNOWFLAKE_PASSWORD": "sample-snowflake-password",
                "MAILCHIMP_API_KEY": mail.api_key,
            },
            mail,
        )


def command(variables: Mapping[str, str], project: Path = PROJECT) -> list[str]:
    """The words that run the orchestration with these addresses."""
    words = [sys.executable, "-m", "orch_tui", "run", ORCHESTRATION, "--project", str(project)]
    for name, value in variables.items():
        words += ["--var", f"{name}={value}"]
    return words
