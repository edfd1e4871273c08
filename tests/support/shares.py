"""How tests are shared out among the workers of pytest-xdist: a file goes to one of them, the dearest first.

What a file starts for its tests (a database, a cluster, a stand-in of a service) and the libraries that only it loads
are there once then, not once for each worker; and no worker is left alone with a long file at the end.
"""

from __future__ import annotations

import functools

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

_SECONDS = {"pty": 2.0, "integration": 1.0, "tui": 1.0, "unit": 0.15}
"""What a test below this folder costs on average (:mod:`tests.support.costs`): enough to say which files are long."""


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # not typed
    """Source: the schedulers of pytest-xdist, of which each worker has the next work when two tests are left to it."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        dearest = max(self.workqueue, key=lambda file: _cost(file, len(self.workqueue[file])))
        self.workqueue.move_to_end(dearest, last=False)
        super()._assign_work_unit(node)


@functools.cache
def _cost(file: str, tests: int) -> float:
    return tests * next((seconds for folder, seconds in _SECONDS.items() if f"/{folder}/" in f"/{file}"), 1.0)
