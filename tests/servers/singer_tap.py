"""A Singer tap for tests: it writes the lines of the file that its config names, and notes what it was given.

Config: ``lines`` (a file), ``catalog`` (for ``--discover``; it fails without), ``seen`` (where to write what it got),
``exit``, ``stderr``, ``count`` (that many records of the stream ``many``, with ``keys``), ``wait`` (a file to make, and
then it waits).
"""

import argparse
import hashlib
import json
import os
import signal
import sys
from pathlib import Path


def load(path: "str | None") -> object:
    return json.loads(Path(path).read_text()) if path else None


def many(count: int, keys: "list[str]") -> None:
    properties = {"id": {"type": "integer"}, "name": {"type": ["null", "string"]}, "amount": {"type": "number"}}
    properties["at"] = {"type": "string", "format": "date-time"}
    schema = {"type": "SCHEMA", "stream": "many", "schema": {"properties": properties}, "key_properties": keys}
    sys.stdout.write(json.dumps(schema) + "\n")
    head, block = '{"type": "RECORD", "stream": "many", "record": {"id": ', []
    for number in range(count):
        rest = f'{number}, "name": "customer {number % 977}", "amount": {number % 1000}.25, '
        block.append(head + rest + '"at": "2026-01-01T10:00:00Z"}}')
        if len(block) == 1000:
            sys.stdout.write("\n".join(block) + "\n")
            block.clear()
    sys.stdout.write("".join(line + "\n" for line in block))


def main() -> int:
    parser = argparse.ArgumentParser()
    for name in ("--config", "--catalog", "--state"):
        parser.add_argument(name)
    parser.add_argument("--discover", action="store_true")
    arguments = parser.parse_args()
    config = load(arguments.config)
    assert isinstance(config, dict)
    if arguments.discover:
        if "catalog" not in config:
            print("error: unrecognized arguments: --discover", file=sys.stderr)
            return 2
        print(json.dumps(config["catalog"]))
        return 0
    if "seen" in config:
        digest = hashlib.sha256(str(config.get("token")).encode()).hexdigest()
        hidden = sorted(name for name in os.environ if "TOKEN" in name)
        seen = {
            "catalog": load(arguments.catalog),
            "state": load(arguments.state),
            "token": digest,
            "environment": hidden,
        }
        Path(config["seen"]).write_text(json.dumps(seen))
    if "count" in config:
        many(config["count"], config.get("keys", ["id"]))
    if "lines" in config:
        sys.stdout.buffer.write(Path(config["lines"]).read_bytes())
        sys.stdout.flush()
    if "stderr" in config:
        print(config["stderr"], file=sys.stderr)
    if "wait" in config:
        Path(config["wait"]).touch()
        signal.pause()
    return int(config.get("exit", 0))


if __name__ == "__main__":
    sys.exit(main())
