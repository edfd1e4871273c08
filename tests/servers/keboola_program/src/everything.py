"""A component as people write them for Keboola that uses all of the common interface, for our tests.

Its parameter ``do`` says what it does; see ``tests/unit/components/keboola/test_everything.py``.
"""

import csv
import json
import logging
import os
import sys
from collections import OrderedDict
from pathlib import Path

from keboola.component.base import ComponentBase, sync_action
from keboola.component.dao import BaseType, ColumnDefinition
from keboola.component.exceptions import UserException
from keboola.component.sync_actions import SelectElement, ValidationResult


class Component(ComponentBase):
    def run(self) -> None:
        do = self.configuration.parameters.get("do", "work")
        if do == "work":
            self.read()
            self.write()
        elif do == "fail":
            self.audit("failed")
            Path(self.tables_out_path, "lost.csv").write_text('"a"\n"1"\n')
            raise UserException("the service is closed\non Mondays")
        elif do == "tables":
            self.tables()
        elif do == "at-data":
            path = "/data/in/tables/orders"
            Path("/data/out/tables/seen.csv").write_text(f"rows\n{len(Path(path).read_text().splitlines()) - 1}\n")
            state = json.loads(Path("/data/in/state.json").read_text())
            config = json.loads(Path("/data/config.json").read_text())
            logging.info("at /data: %s %s %s", state, config["parameters"]["#token"], os.environ["KBC_DATADIR"])

    def read(self) -> None:
        """Say what was given: tables, files, state."""
        for table in self.get_input_tables_definitions():
            kinds = {name: column.data_types["base"].dtype for name, column in table.schema.items()}
            logging.info("table %s %s key %s types %s", table.name, table.id, table.primary_key, json.dumps(kinds))
            with open(table.full_path, newline="") as source:
                logging.info("rows %s", json.dumps(list(csv.reader(source))))
        for file in sorted(self.get_input_files_definitions(only_latest_files=False), key=lambda one: one.name):
            parts = sorted(Path(file.full_path).iterdir()) if os.path.isdir(file.full_path) else [Path(file.full_path)]
            texts = [part.read_text() for part in parts]
            logging.info("file %s tags %s: %s", file.name, sorted(file.user_tags), texts)
        logging.info("state %s", json.dumps(self.get_state_file()))

    def write(self) -> None:
        """Duplicates, empties, native types, slices, files, state."""
        schema = OrderedDict(
            id=ColumnDefinition(data_types=BaseType.integer(), primary_key=True, nullable=False),
            amount=ColumnDefinition(data_types=BaseType.numeric("10,2")),
            paid=ColumnDefinition(data_types=BaseType.boolean()),
            day=ColumnDefinition(data_types=BaseType.date()),
            at=ColumnDefinition(data_types=BaseType.timestamp()),
            note=ColumnDefinition(data_types=BaseType.string()),
        )
        typed = self.create_out_table_definition("typed.csv", schema=schema, incremental=True)
        Path(typed.full_path).write_text(
            '"1","1.5","true","2026-01-31","2026-01-31 10:00:00","first"\n'
            '"2","","","","",""\n'
            '"1","2.50","false","2026-02-01","2026-02-01 10:00:00","last"\n'
        )
        sliced = self.create_out_table_definition("sliced", is_sliced=True, columns=["a", "b"], primary_key=["a"])
        os.mkdir(sliced.full_path)
        Path(sliced.full_path, "part1").write_text('"x","1"\n')
        Path(sliced.full_path, "part2").write_text('"y",""\n"x","2"\n')
        report = self.create_out_file_definition("report.txt", tags=["report", "daily"], is_permanent=True)
        Path(report.full_path).write_text("all is well\n")
        self.write_manifests([typed, sliced, report])
        os.mkdir(Path(self.files_out_path, "parts"))
        Path(self.files_out_path, "parts", "one").write_text("1")
        Path(self.files_out_path, "parts", "two").write_text("2")
        self.audit("worked")
        self.write_state_file({"runs": self.get_state_file().get("runs", 0) + 1})

    def audit(self, word: str) -> None:
        table = self.create_out_table_definition("audit.csv", columns=["what"], write_always=True)
        Path(table.full_path).write_text(f'"{word}"\n')
        self.write_manifest(table)

    def tables(self) -> None:
        """What the parameter ``tables`` says, as it is: for each name a text, and a manifest if there is one."""
        for name, text in self.configuration.parameters["tables"].items():
            Path(self.tables_out_path, name).write_text(text)
        for name, manifest in self.configuration.parameters.get("manifests", {}).items():
            Path(self.tables_out_path, f"{name}.manifest").write_text(json.dumps(manifest))

    @sync_action("testConnection")
    def test_connection(self) -> ValidationResult:
        return ValidationResult("signed in")

    @sync_action("listTables")
    def list_tables(self) -> list[SelectElement]:
        logging.info("asking the service")
        if self.configuration.parameters.get("closed"):
            raise UserException(f"no tables for {self.configuration.parameters['#token']}")
        return [SelectElement("orders", "Orders"), SelectElement("people", "People")]


if __name__ == "__main__":
    try:
        Component().execute_action()
    except UserException as error:
        logging.exception(error)
        sys.exit(1)
    except Exception as error:
        logging.exception(error)
        sys.exit(2)
