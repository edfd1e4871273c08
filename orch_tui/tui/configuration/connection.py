"""The configuration screen asks whether the connection works: with what is on the form, saved or not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from textual import events, work
from textual.timer import Timer

from orch_tui.tui.actions import BY_ID
from orch_tui.tui.keymap import keys_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from orch_tui.engine.actions import ActionResult, ActionRun
    from orch_tui.tui.app import OrchApp
    from orch_tui.tui.configuration.editor import Checked, ConfigurationEditor
    from orch_tui.tui.configuration.form.form import Form

_ID, _ACTION = "configuration.test-connection", "test_connection"


class ConnectionTest:
    """Part of the configuration screen."""

    _test: ActionRun | None = None
    _test_begun = 0.0
    _test_timer: Timer | None = None

    if TYPE_CHECKING:
        app: OrchApp
        editor: ConfigurationEditor
        set_interval: Callable[..., Timer]
        is_attached: bool

        @property
        def form(self) -> Form | None: ...
        def notice(self, text: str) -> None: ...
        def commit(self, label: str = "change") -> None: ...
        def check(self, *, everything: bool = False) -> Checked | None: ...
        def show_mistakes(self, checked: Checked, what: str) -> None: ...

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The key is there only where the component can test its connection."""
        if action == _ACTION:
            component = self.editor.component if hasattr(self, "editor") else None
            return component is not None and component.can_be_tested and self.form is not None
        return super().check_action(action, parameters)  # type: ignore[misc, no-any-return]

    def on_key(self, event: events.Key) -> None:
        """Where nothing can be tested the key is in no footer; pressed, it says so."""
        component = self.editor.component if hasattr(self, "editor") else None
        pressed = event.key in keys_of(BY_ID[_ID], self.app.config.keys)
        if pressed and component is not None and not component.can_be_tested:
            event.stop()
            self.app.say(f"{component.name} has no connection that could be tested.", "warning")

    @property
    def testing(self) -> bool:
        """True while the answer is waited for."""
        return self._test is not None

    def action_test_connection(self) -> None:
        """Start the component's program with what is on the form; the answer comes as a notice."""
        from orch_tui.engine.actions import ActionRun

        form = self.form
        if self.testing or form is None:
            return
        self.commit()
        checked = self.check(everything=True)
        assert checked is not None
        if not checked.ok:
            self.show_mistakes(checked, "Not tested")
            return
        self._test = ActionRun(self.app.project.root, checked.configuration)
        self._test_begun = time.monotonic()
        self._test_timer = self.set_interval(1.0, self._show_seconds)
        self._show_seconds()
        self._wait_for_answer(self._test)

    def cancel_test(self) -> bool:
        """Stop the test; False when there is none."""
        if self._test is None:
            return False
        self._test.cancel()
        return True

    @work(thread=True, group="test", description="test the connection", exit_on_error=False)
    def _wait_for_answer(self, test: ActionRun) -> None:
        result = test.run()
        # The screen or the whole program may be gone by now: then nobody wants the answer.
        if self.is_attached and self.app.is_running:
            self.app.call_from_thread(self._answered, test, result)

    def _show_seconds(self) -> None:
        seconds = int(time.monotonic() - self._test_begun)
        key = self.app.key_of("configuration.back")
        self.notice(f"Testing the connection… {seconds} s. {key} cancels it.")

    def _answered(self, test: ActionRun, result: ActionResult) -> None:
        if self._test is not test:
            return
        self._end_test()
        self.notice(f"{'✔' if result.ok else '✖'} {result.message} ({result.seconds:.1f} s)")

    def _end_test(self) -> Any:
        self._test = None
        if self._test_timer is not None:
            self._test_timer.stop()
            self._test_timer = None
