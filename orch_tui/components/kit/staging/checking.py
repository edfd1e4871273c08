"""The gate between what a task wrote and its tables: the checks of its configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orch_tui.components.kit.contract import TaskConfig
from orch_tui.model.checks.encoding import MOST, result_json
from orch_tui.model.checks.values import CheckResult, Verdict, of_verdict
from orch_tui.model.checks.words import result_words, summary_words, verdict_counts
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import counted
from orch_tui.project.masking.redactor import Redactor
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.publishing.candidates import Maker

if TYPE_CHECKING:
    from orch_tui.storage.publishing.publish import Transaction
    from orch_tui.storage.storage import Storage

_OWN = ("checks", "candidate")
"""Keys of result.json that a program cannot write itself."""
_ORDER = (Verdict.FAILED, Verdict.WARNED, Verdict.PASSED, Verdict.LEARNING)


class CheckRefused(UserError):
    """A check failed: the tables are as before."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks found; ``told`` is for result.json, with the secrets that are masked there still in it."""

    results: Sequence[CheckResult]

    @property
    def refused(self) -> bool:
        return bool(of_verdict(self.results, Verdict.FAILED))

    @property
    def told(self) -> dict[str, Any]:
        # Where there are too many, what fails is what counts.
        first = sorted(self.results, key=lambda one: _ORDER.index(one.verdict)) if len(self.results) > MOST else None
        return {"checks": [result_json(one) for one in (first or self.results)[:MOST]]} if self.results else {}

    @property
    def warning(self) -> str:
        return summary_words(of_verdict(self.results, Verdict.WARNED))

    @property
    def lines(self) -> list[str]:
        """For the task's log."""
        if not self.results:
            return []
        wrong = [one for verdict in _ORDER[:2] for one in of_verdict(self.results, verdict)]
        return [*(f"check {one.verdict.value}: {result_words(one)}" for one in wrong), verdict_counts(self.results)]

    def refusal(self, candidate: str) -> CheckRefused:
        failed = of_verdict(self.results, Verdict.FAILED)
        lines = [*self.lines[:-1], f"{self.lines[-1]}; nothing is published, the candidate {candidate} waits"]
        what = f"{counted(len(failed), 'check')} failed: {summary_words(failed)}"
        return CheckRefused("\n".join([*lines, what]))


class Gate:
    """Of one attempt."""

    def __init__(self, config: TaskConfig, redactor: Redactor) -> None:
        self._config = config
        self._redactor = redactor

    def without_own(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """What a program told, without what only this gate says."""
        return {key: value for key, value in result.items() if key not in _OWN}

    def examine(self, transaction: Transaction, storage: Storage) -> Checked:
        """Ask all checks of what would be published. Raises: StorageError."""
        if not self._config.checks:
            return Checked(())
        return Checked(transaction.examine(self._config.checks, datetime.now(UTC), storage.tables))

    def keep_aside(self, transaction: Transaction, checked: Checked, state: Mapping[str, Any] | None) -> str:
        """Keep what would be published as a candidate, with the state to save when it is accepted; its id.

        Raises: StorageError.
        """
        config, state_folder = self._config, ProjectPaths(self._config.project).state
        inside = config.data_dir.is_relative_to(state_folder) and not config.row
        maker = Maker(
            config.component,
            config.configuration,
            config.run,
            config.task,
            str(config.data_dir.relative_to(state_folder)) if inside else "",
            config.row,
        )
        results = self._redactor.value(checked.told.get("checks", []))
        return transaction.set_aside(maker, results, state)
