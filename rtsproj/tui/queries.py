"""Saved queries: the common questions, and a person's own beside the history of what was asked."""

import json
import os
from pathlib import Path

from rtsproj.settings.machine import config_folder

COMMON = {
    "near the railway": (
        "SELECT slump_id, name, area_m2, distance_m, line_name\n"
        "FROM proximity JOIN inventory USING (slump_id, name)\n"
        "WHERE kind = 'railway' AND distance_m <= 500 ORDER BY distance_m"
    ),
    "near road or railway": (
        "SELECT count(DISTINCT slump_id) AS slumps FROM proximity\n"
        "WHERE kind IN ('road', 'railway') AND distance_m <= 500"
    ),
    "largest slumps": (
        "SELECT slump_id, name, area_m2, lon, lat, origin, first_iteration\n"
        "FROM inventory ORDER BY area_m2 DESC LIMIT 100"
    ),
    "new per iteration": (
        "SELECT iteration, candidates, accepted, rejected, unsure, new_slumps, slumps_so_far\n"
        "FROM iterations ORDER BY iteration"
    ),
    "decisions per hour": (
        "SELECT date_trunc('hour', decided_at) AS hour_utc, analyst, count(*) AS decisions\n"
        "FROM decisions GROUP BY ALL ORDER BY ALL"
    ),
    "hidden and why": (
        "SELECT candidate_id, iteration, status, lineage, lineage_of, lineage_slump, lineage_iou\n"
        "FROM candidates WHERE lineage = 'same' ORDER BY candidate_id"
    ),
    "rejected and why": (
        "SELECT reason, count(*) AS candidates FROM candidates\n"
        "WHERE status = 'reject' GROUP BY reason ORDER BY candidates DESC"
    ),
    "failed tiles": (
        "SELECT tile_id, grid_row, grid_col, job_id, message FROM tiles\n"
        "WHERE outcome = 'failed' ORDER BY tile_id"
    ),
    "disagreement": ("SELECT candidate_id, verdicts FROM disagreement ORDER BY candidate_id"),
}
"""Question -> query; each runs on every project."""
KEPT = 500
"""Queries that the history keeps."""


class Memory:
    """A person's own queries and history, kept in the folder of their settings."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or config_folder()

    def saved(self) -> dict[str, str]:
        """Common queries, then own ones; an own one of the same name wins."""
        return {**COMMON, **self._own()}

    def save(self, name: str, text: str) -> bool:
        """Keep a query under a name; False where the folder cannot be written."""
        return self._write("queries.json", {**self._own(), name: text})

    def history(self) -> list[str]:
        """What was asked, oldest first."""
        raw = self._read("sql-history.json")
        return [str(one) for one in raw] if isinstance(raw, list) else []

    def remember(self, text: str) -> bool:
        """Add what was asked; the same again moves to the end."""
        known = [one for one in self.history() if one != text]
        return self._write("sql-history.json", [*known, text][-KEPT:])

    def _own(self) -> dict[str, str]:
        raw = self._read("queries.json")
        return {str(k): str(v) for k, v in raw.items()} if isinstance(raw, dict) else {}

    def _read(self, name: str) -> object:
        try:
            return json.loads((self._folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _write(self, name: str, value: object) -> bool:
        part = self._folder / f".{name}.{os.getpid()}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")
            part.replace(self._folder / name)
        except OSError:
            return False
        return True
