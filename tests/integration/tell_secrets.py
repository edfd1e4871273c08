"""A task that writes its secret in every way it can.

``tell_secrets.py SEED HOW READY ENCODER…``: ``HOW`` is what happens then: ``success``, ``failure``, ``kill`` (it kills
all of itself), or ``wait`` (until somebody ends it). ``READY`` is made when all is written.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support.encoders import ENCODERS


def main(seed: str, how: str, ready: str, *names: str) -> None:
    secret, chance = os.environ["SECRET"], random.Random(int(seed))
    data = Path(os.environ["KBC_DATADIR"])
    encoded = {name: ENCODERS[name](secret, chance) for name in names}
    for number, (name, text) in enumerate(encoded.items()):
        line = name.encode() + b": " + text + b"\n"
        # In pieces, as programs that do not buffer write them.
        for at in range(0, len(line), 40):
            os.write(1 if number % 2 else 2, line[at : at + 40])
    texts = {name: text.decode("utf-8", "replace") for name, text in encoded.items()}
    (data / "out").mkdir(exist_ok=True)
    for file in ("result.json", "progress.json", "out/state.json", ".result.json.tmp", "out/state.json.part"):
        said = {"warning": secret, "metrics": {secret: 5, **texts}, secret: [1, {"x": secret}]}
        written = {"tables": [{"table": secret, "rows": 1}], "files": [{"path": secret, "rows": 2}]}
        (data / file).write_text(json.dumps({**said, **written}))
    (data / "progress.json").write_bytes(b"no json: " + b"\n".join(encoded.values()))
    Path(ready).touch()
    if how == "wait":
        time.sleep(600)
    if how == "kill":
        os.killpg(0, signal.SIGKILL)
    if how == "failure":
        raise RuntimeError(f"cannot log in with {secret} ({texts})")


if __name__ == "__main__":
    main(*sys.argv[1:])
