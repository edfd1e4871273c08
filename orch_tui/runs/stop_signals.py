"""Which signals ask for an end of the work, too, and not only of the program that shows it."""

from __future__ import annotations

import signal

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)
