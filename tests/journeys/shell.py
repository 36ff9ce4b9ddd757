"""Drive the installed command as an outside program does."""

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RTSPROJ = str(Path(sys.executable).with_name("rtsproj"))


@dataclass(frozen=True)
class Shell:
    """Runs verbs on one project folder."""

    folder: Path

    def run(self, *words: object, expect: int = 0) -> str:
        """Run a verb; returns stdout, checks the exit code, never accepts a traceback."""
        done = subprocess.run(
            [RTSPROJ, "-q", "-C", str(self.folder), *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
        )
        said = f"rtsproj {' '.join(map(str, words))}: exit {done.returncode}\n{done.stderr}"
        assert "Traceback" not in done.stderr, said
        assert done.returncode == expect, said
        return done.stdout

    def json(self, *words: object, expect: int = 0) -> Any:
        """Run a verb with --json; returns what it printed."""
        return json.loads(self.run(*words, "--json", expect=expect))

    def sql(self, query: str) -> list[dict[str, Any]]:
        """Rows of a query."""
        return json.loads(self.run("sql", query, "--format", "json"))

    def decide(self, verdicts: dict[int, str], path: Path) -> None:
        """Save verdicts from a CSV file."""
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["candidate_id", "verdict"])
            writer.writerows(verdicts.items())
        self.run("decide", "--from", path)

    def setting(self, table: str, key: str, value: object) -> None:
        """Change one setting in project.toml."""
        path = self.folder / "project.toml"
        lines, here = path.read_text(encoding="utf-8").splitlines(), ""
        for number, line in enumerate(lines):
            if line.startswith("["):
                here = line.strip("[]")
            if here == table and line.startswith(f"{key} ="):
                lines[number] = f"{key} = {value}"
                path.write_text("\n".join(lines) + "\n", encoding="utf-8")
                return
        raise KeyError(f"{table}.{key}")
