"""A finished search is taken in whole or not at all, and as each outline alone would be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import one_by_one
import pytest
import shapely
from desk import CRS, LEFT, PIXEL_M, TOP, add_model, finished_search, geojson, search, square
from one_by_one import Judged

from rtsproj.domain.decisions import Verdict
from rtsproj.errors import DamagedError
from rtsproj.jobs.folder import JobFolder
from rtsproj.store.database import rows, scalar
from rtsproj.workflow import collect, drawn
from rtsproj.workflow.collect import catch_up
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.sources import VectorChoice, add_lines

TABLES = ("candidate", "candidate_distance", "tile_outcome", "job_collection")
ROAD = shapely.LineString([(LEFT - 50, TOP - 210), (LEFT + 700, TOP - 210)])
FIRST = [square(60, 80, 15), square(120, 120, 12)]
LATER = [
    square(60, 80, 15),
    square(122, 120, 14),
    square(20, 20, 20),
    square(25, 30, 30),
    square(135, 132, 9),
    square(150, 30, 12).difference(square(154, 34, 3)),
    square(170, 170, 6),
]


DRAWN = """
SELECT *, ST_AsWKB(geom) AS wkb FROM candidate JOIN candidate_distance USING (candidate_id)
WHERE candidate_id > 2 ORDER BY seq
"""
INVENTORY = "SELECT slump_id, ST_AsWKB(geom) AS wkb FROM current_outline ORDER BY slump_id"
ROADS = "SELECT line_id, ST_AsWKB(geom) AS wkb FROM line"


def of_table(project: Project, query: str) -> list[dict[str, Any]]:
    """Rows with their geometry as ``shape``."""
    with reading(project) as connection:
        found = rows(connection, query)
    return [{**row, "shape": shapely.from_wkb(bytes(row["wkb"]))} for row in found]


def counts(project: Project) -> list[int]:
    with reading(project) as connection:
        return [scalar(connection, f"SELECT count(*) FROM {one}") for one in TABLES]  # noqa: S608


def broken(*_: object) -> None:
    raise OSError("no space left on device")


def failing(work: Callable[..., object], at: int) -> Callable[..., object]:
    """The same function, which fails the ``at``-th time."""
    calls = iter(range(1, at + 1))

    def once(*given: object, **named: object) -> object:
        return broken() if next(calls) == at else work(*given, **named)

    return once


def test_rows_are_those_of_each_outline_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN two seeds, an accepted and a rejected candidate, and a search that drew seven outlines
    search(project, FIRST)
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    decide(project, 2, Word(Verdict.REJECT), analyst="ann")
    finished_search(project, LATER)
    # WHEN they are collected in blocks of two, telling at once
    monkeypatch.setattr(drawn, "BLOCK", 2)
    monkeypatch.setattr(collect, "SILENT_S", -1.0)
    told: list[tuple[int, int, str]] = []
    [one] = catch_up(project, progress=lambda *said: told.append(said))
    assert (one.candidates, one.shown) == (7, 4)
    assert [done for done, _, _ in told] == [2, 4, 6, 7]
    # THEN every row holds what its outline alone gives
    found, inventory, road = (of_table(project, query) for query in (DRAWN, INVENTORY, ROADS))
    outlines = [row["shape"] for row in found]
    assert outlines == LATER
    slumps = [(row["slump_id"], row["shape"]) for row in inventory]
    judged = [Judged(1, FIRST[0], 3), Judged(2, FIRST[1], 0)]
    judged += [Judged(0, geom, slump_id) for slump_id, geom in slumps[:2]]
    lines = [(row["line_id"], row["shape"]) for row in road]
    related = one_by_one.relations(outlines, slumps)
    for row, geom, relation in zip(found, outlines, related, strict=True):
        shape = tuple(row[name] for name in ("area_m2", "perimeter_m", "lon", "lat"))
        assert shape == one_by_one.measure(geom, CRS)
        assert tuple(row[name] for name in ("minx", "miny", "maxx", "maxy")) == geom.bounds
        case, of, slump_id, *figures = one_by_one.classify(
            geom, judged, pixel_m=PIXEL_M, settings=project.settings.lineage
        )
        known = tuple(row[name] for name in ("lineage", "lineage_of", "lineage_slump"))
        assert known == (case, of, slump_id if of == 0 else 0)
        iou, planar_m2 = figures
        assert row["lineage_iou"] == iou
        assert row["growth_m2"] == planar_m2 * (row["area_m2"] / geom.area)
        assert (row["relation"], row["relation_slump"]) == relation
        assert row["distance_m"] == one_by_one.nearest(geom, lines, CRS)[1]


def test_a_collection_that_fails_leaves_nothing_and_is_repeated(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    search(project, [])
    before = counts(project)
    assert before[0] == 0
    finished_search(project, LATER)
    # GIVEN failures: while it is measured, laid down, taken in, and just before the commit
    for where, name, at in (
        (drawn, "_measured", 1),
        (drawn.Spool, "add", 2),
        (collect.candidates, "add_candidate_distances", 1),
        (collect.tiles, "add_outcomes", 1),
        (collect.jobs, "mark_collected", 1),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(where, name, failing(getattr(where, name), at))
            with pytest.raises(OSError, match="no space"):
                catch_up(project)
        # THEN nothing of the search is there
        assert counts(project) == before, name
    # AND the next one takes all of it in, once
    assert [one.candidates for one in catch_up(project)] == [7]
    after = counts(project)
    assert after[:2] == [7, 7]
    assert catch_up(project) == ()
    assert counts(project) == after


def test_lines_that_come_while_outlines_are_measured_are_measured_too(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search(project, FIRST)
    finished_search(project, LATER)
    measured = collect.lay_down

    def slowly(*given: object, **named: object) -> object:
        found = measured(*given, **named)
        file = geojson(tmp_path / "rail.geojson", [ROAD], railway="rail")
        add_lines(project, file, VectorChoice(), kind="railway", by="ann")
        return found

    monkeypatch.setattr(collect, "lay_down", slowly)
    catch_up(project)
    with reading(project) as connection:
        found = rows(
            connection,
            "SELECT candidate_id, list(kind ORDER BY kind) AS kinds, "
            "max(distance_m) - min(distance_m) AS apart "
            "FROM candidate_distance GROUP BY candidate_id",
        )
    assert [row["kinds"] for row in found] == [["railway", "road"]] * 9
    assert max(row["apart"] for row in found) < 1e-3


def test_an_outline_that_is_no_geometry_is_named(project: Project) -> None:
    add_model(project)
    job_id = finished_search(project, LATER[:2])
    path = JobFolder(project.folder / "jobs" / f"{job_id}-infer").outlines
    text = path.read_text()
    path.write_text(text.replace('"wkb":"0103', '"wkb":"0163', 1))
    with pytest.raises(DamagedError, match="an outline from 0 to 1 is no geometry") as caught:
        catch_up(project)
    assert "rtsproj infer" in caught.value.hint
