"""Exit codes, and errors that end a command with a sentence."""

from __future__ import annotations

from orch_tui.model.errors import OrchError
from orch_tui.model.texts.text import safe_line

SUCCESS = 0
FAILED = 1
USAGE = 2
WARNED = 3
ALREADY_RUNS = 4
INTERRUPTED = 130
TERMINATED = 143


class CliError(OrchError):
    """Ends the command. The text may have several lines; each is made safe when it is shown."""

    def __init__(self, message: str, code: int = USAGE) -> None:
        self.code = code
        super().__init__(message)


def os_sentence(error: OSError) -> str:
    """What the system refused, where, and what to do about it."""
    import errno

    from orch_tui.project.files.own_files import NotOwnFile

    where = f": {safe_line(str(error.filename))}" if error.filename else ""
    if isinstance(error, NotOwnFile):
        return f"{safe_line(str(error.filename))} is not used: {error.strerror}"
    remedies = {
        errno.ENOSPC: "free some space and try again",
        errno.EDQUOT: "your quota is used up: delete something and try again",
        errno.EROFS: "the file system is read-only: mount it for writing, or copy the project elsewhere",
        errno.EACCES: "check owner and permissions with ls -ld; .orch belongs to the user who ran the project first",
        errno.EPERM: "check owner and permissions with ls -ld",
        errno.EEXIST: "a file stands where a directory is needed: move it away",
        errno.ENOTDIR: "a file stands where a directory is needed: move it away",
        errno.EMFILE: "too many files are open: raise the limit with ulimit -n",
    }
    remedy = remedies.get(error.errno or 0)
    return f"{error.strerror or error}{where}" + (f"; {remedy}" if remedy else "")


def complaint(error: Exception) -> tuple[str, int] | None:
    """The sentence and the exit code for an error that a person can put right; None for a fault of this program."""
    if isinstance(error, CliError):
        return error.sentence, error.code
    if isinstance(error, OrchError):
        return error.sentence, error.exit_code
    if isinstance(error, OSError):
        return os_sentence(error), USAGE
    return None
