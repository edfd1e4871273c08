"""What is said before a run starts: secrets that were given where others can read them."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.text import safe_line
from orch_tui.project.project import Project


def warn_of_variables(names: Mapping[str, str]) -> None:
    """A secret given with ``--var`` is in the list of processes, in the shell's history and in the run's journal."""
    from orch_tui.model.variables.references import looks_secret

    for name in filter(looks_secret, names):
        Output(sys.stderr).line(
            f"warning: --var {safe_line(name, 60)}=… can be read by all users of this machine (ps), and is kept with "
            "the run; put a secret into .env and refer to it as ${NAME} in the configuration"
        )


def warn_of_env(project: Project) -> None:
    """Say what is wrong with the file of secrets: a run goes on with those that can be read, and needs no other."""
    from orch_tui.project.files.source import describe
    from orch_tui.project.secrets import Secrets

    err = Output(sys.stderr)
    for problem in Secrets(project.root).problems_of_file():
        err.line(f"{problem.severity.value}: {describe(problem)}")
