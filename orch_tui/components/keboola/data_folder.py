"""The folder that a program for Keboola's common interface is given as ``KBC_DATADIR``.

Source: https://developers.keboola.com/extend/common-interface/folders/,
https://developers.keboola.com/extend/common-interface/config-file/.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orch_tui.components.kit.component import Context
from orch_tui.components.kit.staging.in_memory import served_json
from orch_tui.components.kit.staging.state import left_state
from orch_tui.project.attempt_dir import config_file, input_state, output_state, scratch_folder
from orch_tui.project.paths import make_private

_KINDS = ("tables", "files")
_USER = "user"


class DataFolder:
    """``path`` has ``config.json``, ``in`` and ``out``.

    What is in ``in`` and ``out`` lies in the attempt's own folders, so that whoever looks into the attempt finds it
    there; ``config.json`` and the state are in memory only.
    """

    def __init__(self, ctx: Context) -> None:
        self._attempt = ctx.data_dir
        self.path = ctx.data_dir / "keboola"
        self.inside, self.outside = ctx.data_dir / "in", ctx.data_dir / "out"
        for kind in _KINDS:
            make_private(self.inside / kind)
            make_private(self.outside / kind)
        make_private(self.inside / _USER)
        make_private(self.path)
        own_in = self.path / "in"
        if own_in.is_symlink():
            own_in.unlink()
        make_private(own_in)
        for name in (*_KINDS, _USER):
            _link(own_in / name, Path("../../in") / name)
        _link(self.path / "out", Path("../out"))

    @contextmanager
    def serving(self, config: Mapping[str, Any], state: Mapping[str, Any] | None) -> Iterator[None]:
        """Within the block the program finds this ``config.json`` and, unless None, this ``in/state.json``.

        Both are in memory only (see :func:`served_json`), so no secret is ever on the disk.
        """
        given = input_state(self.path)
        given.unlink(missing_ok=True)
        with contextlib.ExitStack() as stack:
            if state is not None:
                # On Keboola's platform it is always there, and many components rely on it.
                stack.enter_context(served_json(state, given))
            stack.enter_context(served_json(config, config_file(self.path)))
            yield

    def take_state(self) -> dict[str, Any] | None:
        """The ``out/state.json`` that the program left, taken out of the way; None where it left none.

        Raises: UserError.
        """
        state = left_state(self._attempt)
        if state is not None:
            output_state(self._attempt).unlink()
        return state

    def next_stage(self) -> None:
        """What one stage wrote becomes what the next one reads: ``out`` is ``in`` now, and all else is gone.

        Source: ``moveOutputToInput`` of https://github.com/keboola/docker-bundle. Raises: OSError.
        """
        for kind in _KINDS:
            shutil.rmtree(self.inside / kind)
            (self.outside / kind).rename(self.inside / kind)
            make_private(self.outside / kind)
        shutil.rmtree(self.inside / _USER)
        make_private(self.inside / _USER)
        output_state(self._attempt).unlink(missing_ok=True)
        shutil.rmtree(scratch_folder(self._attempt), ignore_errors=True)


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)
