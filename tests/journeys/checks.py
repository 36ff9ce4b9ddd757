"""Checks of a project after an iteration: every count and sentence, held against another."""

import json
import re
from collections import Counter
from typing import Any

import shapely
from driving import settle, text_of

from rtsproj.domain.iterations import Stage
from rtsproj.imagery.mosaic import Mosaic
from rtsproj.imagery.shapes import AreaMask
from rtsproj.reports.text import report_text
from rtsproj.tui.app import RtsApp
from rtsproj.workflow.converge import look
from rtsproj.workflow.project import Project
from rtsproj.workflow.report import collect_report
from rtsproj.workflow.sql import ask, session
from rtsproj.workflow.status import status
from rtsproj.workflow.tiles import read_ground

ANALYST = "ann"
SEARCHED = """
SELECT sum(valid_px) FROM tile_outcome
WHERE job_id = (SELECT max(job_id) FROM jobs WHERE verb = 'infer')
"""
LINEAGE = "SELECT candidate_id, iteration, lineage, lineage_of, lineage_slump FROM candidates"
NEW = """
SELECT count(*) FROM inventory WHERE origin = 'found'
AND first_iteration = (SELECT max(iteration) FROM iterations)
"""


class Asked:
    """Queries on one snapshot of a project, as outside programs get them."""

    def __init__(self, project: Project) -> None:
        self._session = session(project)

    def __enter__(self) -> "Asked":
        self._connection = self._session.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._session.__exit__(*error)

    def rows(self, text: str) -> list[dict[str, Any]]:
        """Rows by column name."""
        table = ask(self._connection, text)
        return [dict(zip(table.columns, row, strict=True)) for row in table.rows]

    def number(self, text: str) -> int:
        """The one number that a query answers."""
        [row] = self.rows(text)
        [value] = row.values()
        return int(value or 0)


def check_tiles(project: Project, asked: Asked) -> None:
    """Tiles hold every valid pixel of the area, once."""
    ground = read_ground(project)
    with Mosaic(ground.scenes, ground.grid, ground.bands) as mosaic:
        valid = mosaic.valid(ground.extent) & AreaMask(ground.area, ground.grid).of(ground.extent)
    assert asked.number("SELECT sum(valid_px) FROM tiles") == int(valid.sum())
    places = "SELECT count(*) FROM (SELECT DISTINCT grid_row, grid_col FROM tiles)"
    assert asked.number(places) == asked.number("SELECT count(*) FROM tiles")


def check_outlines(project: Project, asked: Asked) -> None:
    """Outlines are valid and inside the area, but for half a pixel of smoothing."""
    ground = read_ground(project)
    frame = ground.area.buffer(ground.grid.pixel_m)
    for row in asked.rows("SELECT candidate_id, geom FROM candidates"):
        outline = shapely.from_wkt(row["geom"])
        assert outline.is_valid, row["candidate_id"]
        assert frame.covers(outline), row["candidate_id"]
    searched = asked.number(SEARCHED)
    assert searched == asked.number("SELECT sum(valid_px) FROM tiles")


def check_lineage(asked: Asked) -> None:
    """A candidate has one lineage, to something earlier that was judged."""
    rows = asked.rows(LINEAGE)
    iterations = {row["candidate_id"]: row["iteration"] for row in rows}
    slumps = {row["slump_id"] for row in asked.rows("SELECT slump_id FROM slump")}
    assert len(iterations) == len(rows)
    for row in rows:
        earlier, slump = row["lineage_of"], row["lineage_slump"]
        if row["lineage"] == "fresh":
            assert (earlier, slump) == (None, None), row
        else:
            assert (earlier is None) != (slump is None), row
        assert earlier is None or iterations[earlier] < row["iteration"], row
        assert slump is None or slump in slumps, row


def check_counts(project: Project, asked: Asked, decisions: int) -> None:
    """SQL, status, report and journal agree."""
    now, report = status(project), collect_report(project)
    states = Counter(row["status"] for row in asked.rows("SELECT status FROM candidates"))
    inventory = Counter(row["origin"] for row in asked.rows("SELECT origin FROM inventory"))
    assert now.counts["candidates"] == sum(states.values())
    assert now.counts["open"] == states["open"]
    assert now.counts["slumps"] == sum(inventory.values()) == report.slumps
    assert report.seeds == inventory["seed"]
    said = asked.number("SELECT count(*) FROM decisions WHERE act = 'say'")
    assert said == decisions == sum(one.decisions for one in report.iterations)
    assert len(journalled(project)) == asked.number("SELECT count(*) FROM decisions")
    rows = asked.rows("FROM iterations ORDER BY iteration")
    for row, line in zip(rows, report.iterations, strict=True):
        names = ("candidates", "open", "accepted", "rejected", "unsure", "slumps_so_far")
        assert {name: row[name] for name in names} == {name: getattr(line, name) for name in names}
        assert sum(row[name] for name in names[1:5]) == row["candidates"]
    assert report.iterations[-1].slumps_so_far == report.slumps
    assert f"{report.slumps} slump" in report_text(report)


def journalled(project: Project) -> list[dict[str, Any]]:
    """Every decision that the journals hold; their lines are numbered without gaps."""
    lines = [
        json.loads(line)
        for path in project.journal.glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    found = [one for line in lines for one in line["payload"]["decisions"]]
    assert sorted(one["decision_id"] for one in found) == list(range(1, len(found) + 1))
    return found


def check_state(project: Project, asked: Asked) -> None:
    """The sentence of the state, held against raw rows; the same at every entry point."""
    row = asked.rows("FROM iterations ORDER BY iteration DESC LIMIT 1")[0]
    sentence = status(project).state
    assert sentence == look(project).reason == collect_report(project).reason
    says_met = sentence.startswith("no new slump in iteration")
    if row["model_id"] is None:
        assert "has not been trained or searched" in sentence
    if row["stage"] in (Stage.TRAIN, Stage.INFER):
        assert not says_met
    assert says_met == bool(row["converged"]) or row["stage"] == Stage.CONVERGE


async def check_home(project: Project) -> None:
    """Home shows the counts and the one answer to what is next."""
    now = status(project)
    app = RtsApp(project, analyst=ANALYST)
    async with app.run_test(size=(160, 46)) as pilot:
        await settle(pilot)
        text = text_of(app)
    assert f"enter: {now.plan.summary}" in text
    assert f"{now.counts['open']} open" in text
    assert re.search(rf"\b{now.counts['slumps']} slump", text)


async def check_screens(project: Project) -> None:
    """Converge and report show the state in the same words."""
    reason = collect_report(project).reason
    for at in ("converge", "report"):
        app = RtsApp(project, analyst=ANALYST, at=at)
        async with app.run_test(size=(200, 56)) as pilot:
            await settle(pilot)
            flat = re.sub(r"[\s│]+", " ", text_of(app))
        assert reason in flat, (at, reason)
