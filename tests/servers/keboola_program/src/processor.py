"""A processor as people write them for Keboola: it copies everything and leaves a mark, for our tests."""

import json
import os
import shutil
from pathlib import Path

from keboola.component.base import ComponentBase


class Processor(ComponentBase):
    def run(self) -> None:
        data = Path(self.data_folder_path)
        shutil.copytree(data / "in" / "tables", data / "out" / "tables", dirs_exist_ok=True)
        shutil.copytree(data / "in" / "files", data / "out" / "files", dirs_exist_ok=True)
        config = json.loads((data / "config.json").read_text())
        seen = {
            "parameters": self.configuration.parameters,
            "component": os.environ["KBC_COMPONENTID"],
            "state": (data / "in" / "state.json").exists(),
            "tables": bool(config.get("storage", {}).get("input")),
        }
        name = self.configuration.parameters["mark"]
        (data / "out" / "files" / f"{name}.json").write_text(json.dumps(seen, sort_keys=True))
        # Nothing of a processor's state is kept.
        self.write_state_file({"processor": name})


if __name__ == "__main__":
    Processor().execute_action()
