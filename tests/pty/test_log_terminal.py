"""A log in a real terminal: what is typed at once, the pager, and the terminal's own scrollback."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.pty.harness import PtyApp

_VIEWER = """
import sys
from pathlib import Path
from orch_tui.project.project import open_project
from orch_tui.tui.app import OrchApp
from orch_tui.tui.log.viewer import LogViewerScreen

class Viewer(OrchApp):
    def on_mount(self):
        super().on_mount()
        self.push_screen(LogViewerScreen([("attempt 1", Path(sys.argv[2]))], title="Load"))

Viewer(open_project(Path(sys.argv[1]), tolerant=True)).run()
"""


def viewer(directory: Path, log: Path) -> list[str]:
    project = directory / "project"
    project.mkdir()
    (project / "orch.toml").write_text('name = "Logs"\n')
    return [sys.executable, "-c", _VIEWER, str(project), str(log)]


def test_a_log_by_keys_and_out_into_the_terminal(tmp_path: Path) -> None:
    # GIVEN a log that tries to take the terminal over
    log = tmp_path / "log"
    log.write_bytes(
        b"".join(b"line %d\n" % number for number in range(1, 301))
        + b"\x1b]52;c;c3RvbGVu\x07\x1b]0;taken\x07\x1b[?1049l\x1b[2Jharmless [/usr] \x1b[32mgreen\x1b[0m\n"
    )
    environment = {"PAGER": "sh -c 'echo paged; read answer' sh", "TMUX": None}
    with PtyApp(viewer(tmp_path, log), size=(80, 24), environment=environment) as app:
        app.wait_for("harmless [/usr] green")
        app.wait_for("301 lines · 100 %")
        # WHEN one searches, all typed at once THEN it is found
        app.send("/line 250\r")
        app.wait_for("/line 250  1 of 1 line")
        # and nothing of the log has reached the terminal as a command
        assert b"c3RvbGVu" not in app.log and b"taken" not in app.log
        # WHEN it is opened in the pager THEN the terminal is the pager's until it ends
        app.send("o")
        app.wait_for("paged")
        app.send("\r")
        app.wait_for("/line 250  1 of 1 line")
        # WHEN it is printed THEN the alternate screen is left, and the log stands in the terminal's own
        before = len(app.log)
        app.send("P")
        app.wait_for("Press any key to go back")
        printed = bytes(app.log[before:])
        assert b"\x1b[?1049l" in printed.split(b"line 1\r\n")[0] and b"line 300\r\n" in printed
        assert b"\x1b[32mgreen\x1b[0m" in printed and b"c3RvbGVu" not in printed
        app.send("x")
        app.wait_for("/line 250  1 of 1 line")
        # WHEN one leaves THEN the terminal is as it was
        app.send("\x1b")
        app.wait_gone("/line 250")
        app.send("q")
        app.wait_for("Orchestrations")
        app.send("q")
        assert app.exit_code() == 0 and app.restored()
