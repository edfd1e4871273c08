"""Starts what an executor left in the directory of an attempt, as that would start it on its own machine.

The same code starts it, holds its limits, gives its grace time and ends what it leaves behind. The executor asks it to
stop by a file; SIGTERM says that there is something to look at, and without such a file that the queue wants the node
back. Nobody reads what this program says but in the queue's log of the attempt.
"""

from __future__ import annotations

import orch_tui.engine.runs.light_asyncio  # noqa: F401 - before the first import of asyncio

import asyncio  # isort: skip
import gc
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.handoff import End, Node
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, StopRequest
from orch_tui.engine.processes.local import LocalLauncher
from orch_tui.engine.processes.process import host
from orch_tui.model.components.component import SCRATCH_VARIABLE
from orch_tui.model.failure import FailureKind
from orch_tui.project.attempt_dir import log_file
from orch_tui.project.files.own_files import open_own
from orch_tui.project.masking.files import mask_what_is_left

_LOOK = 1.0
"""Seconds between two looks whether it shall stop, where no signal says so."""
_TRIES = 60
_JOB_ID = "SLURM_JOB_ID"
# What this machine knows and the submitting one does not: where temporary files go, which devices the queue has given.
_OF_NODE = (
    *("PATH", "TMPDIR", "XDG_RUNTIME_DIR", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *(_JOB_ID, "SLURM_CPUS_ON_NODE", "SLURM_CPUS_PER_TASK", "SLURM_MEM_PER_NODE"),
    *("CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ZE_AFFINITY_MASK"),
)


def main(directory: Path, job: str, look: float = _LOOK) -> int:
    """Carry the attempt; 0 also when there was nothing to do, 1 when its end could not be told.

    ``job`` is what its queue calls it; ``look`` are the seconds between two looks whether it shall stop.
    """
    gc.set_threshold(20_000)
    early: list[int] = []
    # Until somebody can listen, a signal must not end what may have been begun.
    signal.signal(signal.SIGTERM, lambda number, _: early.append(number))
    node = Node(host(), job)
    if not handoff.claim(directory, node):
        _say(f"not begun on {node.host}: another has it, or it is not wanted any more")
        return 0
    given = handoff.take_start(directory)
    if given is None:
        _say(f"not begun on {node.host}: it is not wanted any more")
        return 0
    scratch = _make_scratch()
    try:
        return _tell(directory, asyncio.run(_carry(_here(given, scratch), early, look)))
    finally:
        if scratch:
            import shutil

            shutil.rmtree(scratch, ignore_errors=True)


def _make_scratch() -> str:
    """A directory on this machine for what the task need not send over the network; empty where none can be made."""
    path = f"{os.environ.get('TMPDIR') or '/tmp'}/orch-{os.urandom(8).hex()}"
    try:
        os.mkdir(path, 0o700)
    except OSError as error:
        _say(f"its temporary files go into its own directory: {error}")
        return ""
    return path


def _tell(directory: Path, end: End) -> int:
    """Write down how it ended; where the disk has no room, again and again for a while."""
    for _ in range(_TRIES):
        try:
            handoff.write_end(directory, end)
        except OSError as error:
            _say(f"its end cannot be written down: {error}")
            time.sleep(_LOOK)
        else:
            return 0
    return 1


def _here(given: AttemptSpec, scratch: str) -> AttemptSpec:
    """With what is this machine's own."""
    own = {name: os.environ[name] for name in _OF_NODE if name in os.environ}
    own |= {SCRATCH_VARIABLE: scratch} if scratch else {}
    return replace(given, environment={"PATH": os.defpath} | own | dict(given.environment))


async def _carry(spec: AttemptSpec, early: list[int], seconds: float) -> End:
    stop, directory = StopRequest(), spec.directory
    loop = asyncio.get_running_loop()
    begun = time.monotonic()

    def look(*, signalled: bool = False) -> None:
        try:
            asked = handoff.asked_to_stop(directory)
        except OSError as error:
            # The file system does not answer now: it is looked at again.
            _say(f"it cannot be seen whether it shall stop: {error}")
            asked = None
        if asked is not None:
            stop.ask(asked[0], now=asked[1])
        elif signalled:
            _say("the queue ends it")
            stop.ask(FailureKind.CANCEL)

    def killing(why: FailureKind, grace: float) -> None:
        try:
            handoff.tell_stopping(directory, why, grace)
        except OSError as error:
            # It is stopped all the same.
            _say(f"it cannot be told that it is stopped: {error}")

    async def watch() -> None:
        told = 0
        while True:
            await asyncio.sleep(seconds)
            look()
            told = await asyncio.to_thread(_show_log, directory, told)

    loop.add_signal_handler(signal.SIGTERM, lambda: look(signalled=True))
    try:
        running = LocalLauncher().start(spec)
    except OSError as error:
        return End(Exit(None, begun=False), None, (error.errno or 0, error.strerror or str(error), _name(error)))
    if early:
        look(signalled=True)
    watching = asyncio.ensure_future(watch())
    try:
        end = await running.wait(stop, killing)
    finally:
        watching.cancel()
    # Whoever goes on with the run later does not know the values of its secrets.
    mask_what_is_left(spec.directory, spec.environment)
    return End(end, round(time.monotonic() - begun, 3))


def _show_log(directory: Path, told: int) -> int:
    """Let others see what the task has written into its log beyond ``told`` bytes, which a network file system may keep
    on this node for half a minute; its size."""
    try:
        log = open_own(log_file(directory), os.O_WRONLY)
    except OSError:
        # Seen later, or when it is closed.
        return told
    try:
        size = os.fstat(log).st_size
        if size != told:
            os.fdatasync(log)
    except OSError as error:
        _say(f"its log cannot be written out: {error}")
        return told
    else:
        return size
    finally:
        os.close(log)


def _say(text: str) -> None:
    """For the queue's log of the attempt."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _name(error: OSError) -> str:
    return error.filename if isinstance(error.filename, str) else ""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), os.environ.get(_JOB_ID, "")))
