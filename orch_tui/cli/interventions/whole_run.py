"""Commands about a run as a whole, which the option ``--task`` makes about one of its tasks."""

from __future__ import annotations

import click

from orch_tui.model.texts.text import safe_line


class WholeRun(click.Command):
    """Whoever names a task behind the run, as other commands have it, hears of the option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.allow_extra_args = True
        more = super().parse_args(ctx, args)
        if more and not ctx.resilient_parsing:
            task = safe_line(more[0], 80)
            ctx.fail(f'"{task}" is one too many: for one task of the run write --task {task}')
        return more
