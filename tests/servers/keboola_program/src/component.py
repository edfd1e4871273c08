"""A component as people write them for Keboola, with the public library ``keboola.component``, for our tests.

It does what its parameter ``do`` says; see ``tests/unit/components/keboola/test_program.py``.
"""

import csv
import hashlib
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

from keboola.component.base import ComponentBase, sync_action
from keboola.component.exceptions import UserException
from keboola.component.sync_actions import ValidationResult
from pygelf import GelfUdpHandler


class Component(ComponentBase):
    def run(self) -> None:
        parameters = self.configuration.parameters
        do = parameters.get("do", "double")
        if parameters.get("udp"):
            # set_gelf_logger of the library hands the port on as a text, which only TCP takes.
            address = {"host": os.environ["KBC_LOGGER_ADDR"], "port": int(os.environ["KBC_LOGGER_PORT"])}
            logging.getLogger().handlers = [GelfUdpHandler(compress=parameters["udp"] == "packed", **address)]
            logging.info("a long message: %s end of it", "".join(f"{number:x} " for number in range(5000)))
        if do == "user-error":
            raise UserException(f"The account {parameters['account']} is locked ({parameters['#token']})")
        if do == "long-user-error":
            logging.info("✅ Connection established successfully")
            raise UserException("Two columns are missing:\n- id\n- amount")
        if do == "environment":
            for name in sorted(os.environ):
                if name.startswith("KBC_") or name == "TMPDIR":
                    logging.info("%s=%s", name, os.environ[name])
            return
        if do == "look":
            for table in self.get_input_tables_definitions():
                with open(table.full_path, newline="") as source:
                    logging.info("%s: %s", os.path.basename(table.full_path), list(csv.DictReader(source)))
            return
        if do == "write":
            self.write()
            return
        if do == "crash":
            raise ZeroDivisionError("division by zero")
        if do == "wait":
            Path(parameters["ready"]).write_text(str(os.getpid()))
            sys.stdin.read()
            signal.pause()
        if do == "nothing":
            return
        self.double()

    def write(self) -> None:
        """A table with rows of the same key and empty values, one with a destination, one whose name is one."""
        Path(self.tables_out_path, "exact").write_text('"id","note"\n1,a\n2,\n,none\n1,c\n')
        named = self.create_out_table_definition("named.csv", destination="in.c-main.named", columns=["a"])
        Path(named.full_path).write_text("1\n")
        self.write_manifest(named)
        Path(self.tables_out_path, "out.c-other.file.csv").write_text("a\n1\n")

    def double(self) -> None:
        """Every input becomes an output with the numbers doubled; the state counts the runs."""
        token = self.configuration.parameters["#token"]
        # A program that a component starts may read the configuration as well.
        path = os.path.join(self.data_folder_path, "config.json")
        code = "import json, sys; print(json.load(open(sys.argv[1]))['parameters']['#token'])"
        again = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
        digest = hashlib.sha256(token.encode()).hexdigest()
        assert again.stdout.strip() == token
        logging.info("signed in with %s", token)
        logging.warning("the service is slow today")
        state = self.get_state_file()
        for table in self.get_input_tables_definitions():
            out = self.create_out_table_definition(
                "doubled.csv", incremental=True, primary_key=["id"], columns=["id", "amount", "note", "digest"]
            )
            with open(table.full_path, newline="") as source, open(out.full_path, "w", newline="") as target:
                writer = csv.writer(target)
                for row in csv.DictReader(source):
                    writer.writerow([row["id"], int(row["amount"]) * 2, row["note"], digest])
            self.write_manifest(out)
        Path(self.tables_out_path, "extra.csv").write_text("a\n1\n")
        self.write_state_file({"runs": state.get("runs", 0) + 1})

    @sync_action("testConnection")
    def test_connection(self) -> ValidationResult:
        if self.configuration.parameters["#token"] != "right-token-1":
            raise UserException(f"the service refuses the token {self.configuration.parameters['#token']}")
        return ValidationResult("signed in as tester")


if __name__ == "__main__":
    try:
        Component().execute_action()
    except UserException as error:
        logging.exception(error)
        sys.exit(1)
    except Exception as error:
        logging.exception(error)
        sys.exit(2)
