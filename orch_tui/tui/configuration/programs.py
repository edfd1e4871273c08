"""What is started of the component from the form: a test of the connection, a question, a try."""

from __future__ import annotations

from orch_tui.tui.configuration.asking import Asking
from orch_tui.tui.configuration.connection import ConnectionTest
from orch_tui.tui.configuration.editing import Editing
from orch_tui.tui.configuration.page import Background, Page
from orch_tui.tui.configuration.trial import TryIt


class Programs:
    """Each of them one at a time."""

    def __init__(self, page: Page, background: Background, editing: Editing) -> None:
        self.connection = ConnectionTest(page, background, editing)
        self.asking = Asking(page, background, editing)
        self.trial = TryIt(page, background, editing)

    def cancel(self) -> bool:
        """Stop what runs; False when nothing does."""
        return self.connection.cancel() or self.asking.cancel() or self.trial.cancel()

    def close(self) -> None:
        """Stop everything, and remove what a try wrote: the form is left."""
        self.connection.cancel()
        self.asking.cancel()
        self.trial.close()
