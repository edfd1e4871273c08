"""Run ``campaigns-to-mailchimp`` against stand-ins for its three systems, all on this machine.

    python -m sample_configs.stand_ins            # start them, run the orchestration, end them
    python -m sample_configs.stand_ins --serve    # start them and wait, with the commands to use from another terminal

What the stand-in for Mailchimp was told is kept in ``sample_configs/out/mailchimp.json``: a second run updates the
contacts that the first one created. Snowflake's stand-in gets a virtual environment of its own on first use.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shlex
import signal
import subprocess
import sys
import threading

from sample_configs.stand_ins.together import PROJECT, StandIns, all_of_them, command

STATE = PROJECT / "out" / "mailchimp.json"


def main() -> int:
    """The exit code of the run."""
    about = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m sample_configs.stand_ins", description=about)
    parser.add_argument("--serve", action="store_true", help="only start them, and wait for Ctrl-C")
    chosen = parser.parse_args()
    if importlib.util.find_spec("snowflake") is None:
        sys.stderr.write("the orchestration reads from Snowflake; run first: pip install '.[snowflake]'\n")
        return 1
    STATE.parent.mkdir(exist_ok=True)
    with all_of_them(STATE) as servers:
        if chosen.serve:
            return _serve(servers)
        audience = servers.mailchimp.audience
        before = len(audience.members)
        code = subprocess.run(command(servers.variables), env={**os.environ, **servers.secrets}, check=False).returncode
        print(f'audience "{audience.name}": {before} contacts before, {len(audience.members)} now')  # noqa: T201
        return code


def _serve(servers: StandIns) -> int:
    lines = [f"export {name}={shlex.quote(value)}" for name, value in servers.secrets.items()]
    lines += ["", shlex.join(command(servers.variables)), "", "The stand-ins answer until Ctrl-C."]
    print("In another terminal:\n\n" + "\n".join(lines), flush=True)  # noqa: T201
    stopped = threading.Event()
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda *_: stopped.set())
    stopped.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
