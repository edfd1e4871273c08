"""Component ``adform-extractor``: campaigns and statistics from Adform's API for buyers."""

from __future__ import annotations

from orch_tui.components import kit
from orch_tui.components.adform.api import PAGE, Api, Timing
from orch_tui.components.adform.parameters import Parameters
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.sql import duckdb_explained
from orch_tui.model.texts.text import safe_line

__all__ = ["Parameters", "run", "test_connection"]


def run(parameters: Parameters, ctx: Context, timing: Timing | None = None) -> None:
    """Read campaigns or statistics into the only output.

    Raises:
        UserError: the credentials, the parameters or the output are not right, or Adform refuses or fails.
    """
    from orch_tui.components.adform.campaigns import extract_campaigns
    from orch_tui.components.adform.stats import extract_stats

    timing = timing or Timing()
    ctx.only_output()
    with Api(parameters, ctx, timing) as api, duckdb_explained(f"Adform's {parameters.report} cannot be stored"):
        if parameters.report == "campaigns":
            extract_campaigns(api, parameters, ctx)
        else:
            extract_stats(api, parameters, ctx, timing)


def test_connection(parameters: Parameters, ctx: Context, timing: Timing | None = None) -> str:
    """Log in and look: at the first campaigns, or at the list of reports, which costs no report of the day.

    Raises:
        UserError: what is wrong.
    """
    with Api(parameters, ctx, timing or Timing(), patient=False) as api:
        who = f"connected to {safe_line(parameters.base_url, 100)} as {safe_line(parameters.client_id, 100)}"
        if parameters.report == "stats":
            count = len(api.operations())
            return (
                f"{who}, which may order statistics; {count} {'report is' if count == 1 else 'reports are'} kept there"
            )
        count = len(api.first_campaigns())
        more = " or more" if count == PAGE else ""
        return f"{who}, sees {count}{more} active {'campaign' if count == 1 else 'campaigns'}"


if __name__ == "__main__":
    kit.main(Parameters, run, test=test_connection)
