"""What a problem asks for is done from it: a variable is declared, a secret gets its value."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from orch_tui.model.problem import Problem
from orch_tui.project.project import Project
from orch_tui.project.saving.env_file import NotKept, keep_secret
from orch_tui.project.saving.writer import SaveError
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.workbench.host import Asks
from orch_tui.tui.workbench.tree.rule_row import place_in_tree

_SECRETS = frozenset({"missing-secret", "unset-name"})
_VARIABLES = frozenset({"undefined-variable"})


class Remedies:
    """``declare`` opens the form of the orchestration at variables of these names, ``jump`` goes to a task or phase,
    ``secrets_changed`` is told when a secret has a value that had none."""

    def __init__(
        self,
        project: Project,
        host: Asks,
        declare: Callable[[Sequence[str]], Awaitable[None]],
        jump: Callable[[str | None], object],
        secrets_changed: Callable[[], None],
    ) -> None:
        self._project = project
        self._host = host
        self._declare = declare
        self._jump = jump
        self._secrets_changed = secrets_changed

    async def mend(self, problem: Problem) -> None:
        """Ask for what is missing; where nothing can be asked for, go to the place of the problem."""
        if problem.code in _VARIABLES and problem.names:
            self._jump(place_in_tree(problem))
            await self._declare(problem.names)
        elif problem.code in _SECRETS and problem.names:
            self._host.in_background(partial(self._ask, problem.names), "secrets", "ask for secrets")
        else:
            self._jump(place_in_tree(problem))

    async def _ask(self, names: Sequence[str]) -> None:
        for name in names:
            prompt = Prompt(
                f"The secret {name}", hint="Goes into .env, which is yours only. Esc leaves it", secret=True
            )
            value = await self._host.ask(prompt)
            if not value or not self._keep(name, value):
                return
            self._secrets_changed()

    def _keep(self, name: str, value: str) -> bool:
        try:
            keep_secret(self._project, name, value)
        except (NotKept, SaveError) as error:
            self._host.say(error.sentence, "error")
            return False
        self._host.say(f"{name} stands in .env now.")
        return True
