"""Component ``weather-extractor``: temperatures of a place, made up from its name."""

from __future__ import annotations

from orch_tui.components import kit
from pydantic import Field


class Parameters(kit.Parameters):
    place: str = Field(title="Place", description="A town.", min_length=1)
    days: int = Field(3, title="Days", description="So many rows.", ge=1)


def run(parameters: Parameters, ctx: kit.Context) -> None:
    output = ctx.only_output()
    with kit.connect(ctx) as con:
        con.execute("create table weather (place varchar, day integer, degrees integer)")
        rows = [(parameters.place, day, len(parameters.place) + day) for day in range(parameters.days)]
        con.executemany("insert into weather values (?, ?, ?)", rows)
        con.table("weather").write_parquet(str(output.path))
    ctx.log(f"{parameters.days} days of {parameters.place}")


if __name__ == "__main__":
    kit.main(Parameters, run)
