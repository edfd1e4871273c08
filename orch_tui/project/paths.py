"""Where everything of a project lives. The only place that knows the layout of the directory."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.dataclass import dataclass
from orch_tui.project.files.own_files import name_of, open_own, write_all

_PRIVATE_DIR = 0o700
_WRITABLE_BY_OTHERS = 0o022
_READABLE_BY_OTHERS = 0o055
_STATE = ".orch"
_LOCKS = "locks"
_IGNORE = "# Written by orch-tui: everything here is the program's own state.\n*\n"


@dataclass(frozen=True, slots=True)
class ProjectPaths:
    """Paths below ``root``, the absolute project directory."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / "orch.toml"

    @property
    def env_file(self) -> Path:
        return self.root / ".env"

    @property
    def components(self) -> Path:
        return self.root / "components"

    @property
    def configurations(self) -> Path:
        return self.root / "configurations"

    @property
    def orchestrations(self) -> Path:
        return self.root / "orchestrations"

    @property
    def keboola(self) -> Path:
        """What was brought over from Keboola, as it was there, see :mod:`orch_tui.keboola.originals`."""
        return self.root / "keboola"

    @property
    def state(self) -> Path:
        return self.root / _STATE

    @property
    def storage(self) -> Path:
        return self.state / "storage"

    @property
    def files(self) -> Path:
        """Files with tags, see :mod:`orch_tui.storage.files`."""
        return self.state / "files"

    @property
    def drafts(self) -> Path:
        return self.state / "drafts"

    @property
    def edits(self) -> Path:
        return self.state / "edits"

    @property
    def trash(self) -> Path:
        return self.state / "trash"

    @property
    def kept_definitions(self) -> Path:
        """Versions of definitions, see :mod:`orch_tui.project.kept`."""
        return self.state / "definitions"

    @property
    def unfinished_saves(self) -> Path:
        """Intents of saves of several files, see :mod:`orch_tui.project.concurrent.file_set`."""
        return self.state / "saving"

    @property
    def history(self) -> Path:
        """See :mod:`orch_tui.project.run_index`."""
        return self.state / "history"

    @property
    def looked(self) -> Path:
        """See :mod:`orch_tui.project.looked`."""
        return self.state / "looked.toml"

    @property
    def locks(self) -> Path:
        return self.state / _LOCKS

    @property
    def saving_lock(self) -> Path:
        return self.locks / "saving.lock"

    def component(self, component: str) -> Path:
        return self.components / f"{component}.toml"

    def configuration(self, component: str, configuration: str) -> Path:
        return self.configurations / component / f"{configuration}.toml"

    def orchestration(self, orchestration: str) -> Path:
        return self.orchestrations / f"{orchestration}.toml"

    def runs(self, orchestration: str) -> Path:
        return self.state / "runs" / orchestration

    def run(self, orchestration: str, run: str) -> Path:
        return self.runs(orchestration) / run

    def saved_state(self, component: str, configuration: str, row: str = "") -> Path:
        """What a configuration, or a row of it, saved for its next run."""
        folder = self.state / "state" / component
        return folder / configuration / f"{row}.json" if row else folder / f"{configuration}.json"

    def configuration_lock(self, ref: str) -> Path:
        """The lock of a configuration, given as ``component/id``: two tasks of it never overlap."""
        # Each task asks for it: one path is made instead of three.
        return Path(f"{self.root}/{_STATE}/{_LOCKS}/{ref}.lock")

    def pool_lock(self, pool: str, slot: int) -> Path:
        """The lock of one slot of a pool."""
        return self.locks / ".pools" / pool / f"{slot}.lock"

    def pool_line(self, pool: str) -> Path:
        """The directory of those who wait for slots of a pool."""
        return self.locks / ".pools" / pool / "waiting"

    @property
    def memory_claims(self) -> Path:
        """The directory of those who have some of the memory of the project's tasks; who waits for some is below."""
        return self.locks / ".memory"

    def orchestration_lock(self, orchestration: str) -> Path:
        """The lock of an orchestration: two runs of it never overlap. The same as of the task that nests it."""
        return self.configuration_lock(f"{ORCHESTRATION_COMPONENT}/{orchestration}")

    def relative(self, path: Path) -> str:
        """``path`` as it is shown to people: relative to the project when it is inside."""
        try:
            return str(path.relative_to(self.root))
        except ValueError:
            return str(path)

    def make_state(self) -> None:
        """Create ``.orch/`` (0700) with its ``.gitignore``. Who writes below it, or acts on what is there, asks first.

        Raises:
            OSError: it cannot be made, or it is not ours alone (see :func:`make_private`).
        """
        make_private(self.state)
        ignore = self.state / ".gitignore"
        if not os.path.lexists(ignore):
            # Two programs may come here at once.
            descriptor = open_own(ignore, os.O_WRONLY | os.O_CREAT)
            try:
                write_all(descriptor, _IGNORE.encode(), ignore)
            finally:
                os.close(descriptor)


def lock_beside(path: Path) -> Path:
    """The lock of one file; no list of files has it in it."""
    return path.with_name(f".{path.name}.lock")


def lock_inside(directory: Path) -> Path:
    """The lock of a whole directory, which has to be there."""
    return directory / ".lock"


def make_private(path: Path) -> None:
    """Create a directory and its missing parents, for the owner only. One that is there has to be ours alone.

    The parents are made down from ``.orch/``: a project that is not there any more, moved or unmounted, does not come
    back as a directory that holds nothing but our state.

    Raises:
        OSError: it cannot be made; :class:`FileNotFoundError`: the project is not there.
        PermissionError: it, or the link that it is, belongs to another user, or others may write into it: what is in
            it may be somebody else's, and would be run and written through.
    """
    try:
        os.mkdir(path, _PRIVATE_DIR)
    except FileExistsError:
        _require_own(path)
    except FileNotFoundError:
        if path.name == _STATE:
            raise
        make_private(path.parent)
        try:
            os.mkdir(path, _PRIVATE_DIR)
        except FileExistsError:
            # Another process may have been faster meanwhile.
            _require_own(path)


def _require_own(path: Path) -> None:
    link, there = os.lstat(path), os.stat(path)
    if not stat.S_ISDIR(there.st_mode):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    owner = next((status.st_uid for status in (link, there) if status.st_uid != os.geteuid()), None)
    if owner is not None:
        raise PermissionError(errno.EPERM, f"it belongs to {name_of(owner)}, not to {name_of(os.geteuid())}", str(path))
    if there.st_mode & _WRITABLE_BY_OTHERS:
        message = "others may write into it, and may have put files there; look at them, then chmod -R go-rwx"
        raise PermissionError(errno.EPERM, message, str(path))
    if there.st_mode & _READABLE_BY_OTHERS:
        os.chmod(path, _PRIVATE_DIR)
