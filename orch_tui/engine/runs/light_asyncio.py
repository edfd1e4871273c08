"""asyncio without TLS: importing ``ssl`` takes a tenth of the time that ``run`` has before its first task.

asyncio itself is written to work where ``ssl`` is missing, and the executor opens no connection. Import this module
before ``asyncio``; whoever needs ``ssl`` afterwards imports it as ever.
"""

from __future__ import annotations

import sys

if "asyncio" not in sys.modules and "ssl" not in sys.modules:
    # None makes the import fail, see "The module cache" in the language reference.
    sys.modules["ssl"] = None  # type: ignore[assignment]
    try:
        import asyncio  # noqa: F401 - for its effect
    finally:
        del sys.modules["ssl"]
