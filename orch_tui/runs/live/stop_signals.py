"""Which signals end a program, and which of them ask for an end of the work, too."""

from __future__ import annotations

import signal

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)
"""Those with which a person asks the program that shows a run to stop the run as well."""

# What cannot be handled, what the kernel sends for a fault in the program's own code (a handler would run for ever),
# and what does not end a program.
_LEFT_ALONE = frozenset(
    (
        *(signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL),
        *(signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH),
        *(signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU),
    )
)

ENDING = frozenset(map(int, signal.valid_signals())) - _LEFT_ALONE
"""All that end a program that does not handle them, and can be handled; those of real time among them, which have
numbers and no names of their own."""
