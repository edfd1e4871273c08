"""The data runner: tables, state and redaction around a program that only knows its data folder.

``python -m orch_tui.components.kit.processes.runner [--stage] [--tables parquet|csv] -- program argument…``
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from orch_tui.components.kit.contract import disk_problem, use_utf8
from orch_tui.components.kit.processes.subprocess import Ended, run_child
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import output_tables
from orch_tui.project.masking.redactor import Redactor

_USER_ERROR = 1
_APPLICATION_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of the program; 1 and 2 as for components when a table cannot be brought or published."""
    parser = argparse.ArgumentParser(prog="orch_tui.components.kit.processes.runner", allow_abbrev=False)
    parser.add_argument("--stage", action="store_true", help="fetch the inputs before, publish the outputs after")
    parser.add_argument("--tables", choices=("parquet", "csv"), default="parquet")
    parser.add_argument("argv", nargs="+", metavar="program argument")
    options = parser.parse_args(arguments)
    use_utf8()
    redactor = Redactor.from_environment()
    try:
        if options.stage:
            return _staged(options.argv, options.tables, redactor)
        ended = run_child(options.argv, redactor=redactor)
        _mask_files(redactor)
        return ended.code
    except UserError as error:
        sys.stdout.flush()
        for line in redactor.text(str(error)).splitlines():
            print(safe_line(line), file=sys.stderr, flush=True)  # noqa: T201
        return _USER_ERROR
    except Exception as error:  # noqa: BLE001 - the last handler of the process: report, then exit
        sys.stdout.flush()
        if isinstance(error, OSError) and (sentence := disk_problem(error)):
            print(safe_line(redactor.text(sentence)), file=sys.stderr, flush=True)  # noqa: T201
            return _USER_ERROR
        sys.stderr.write(redactor.text(traceback.format_exc()))
        return _APPLICATION_ERROR


def _staged(argv: list[str], tables: str, redactor: Redactor) -> int:
    from orch_tui.components.kit.contract import read_task_config
    from orch_tui.components.kit.staging.staging import Staging

    config = read_task_config()
    staging = Staging(config, redactor, tables=tables)
    try:
        staging.fetch()
        ended = run_child(argv, redactor=redactor)
        code = stop_code(ended)
        state = staging.state.of_program() if code == 0 else None
    finally:
        staging.state.close()
        _mask_files(redactor)
    if code != 0:
        staging.tell_damaged_inputs()
        return code
    outputs = {output.name: output for output in config.outputs}
    if tables == "csv":
        from orch_tui.components.kit.csv.tables import read_csv_outputs

        outputs = read_csv_outputs(outputs, output_tables(config.data_dir))
    staging.finish(outputs, log=staging.say, next_state=state)
    return 0


def stop_code(ended: Ended) -> int:
    """The exit code to end with now; 0 when the outputs may be published.

    A program that was told to stop and ended "well" is not trusted to have written everything.
    """
    if ended.code == 0 and ended.stopped:
        print("stopped by a signal; nothing is published", file=sys.stderr, flush=True)  # noqa: T201
        return 128 + ended.stopped
    return ended.code


def _mask_files(redactor: Redactor) -> None:
    if os.environ.get("KBC_DATADIR"):
        from orch_tui.project.masking.files import mask_attempt

        mask_attempt(Path(os.environ["KBC_DATADIR"]), redactor)


if __name__ == "__main__":
    sys.exit(main())
