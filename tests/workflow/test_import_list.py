"""What an import repaired, left out or refused is listed in full."""

import csv
from pathlib import Path

import pytest
from desk import geojson, square
from shapely.geometry import LineString, Polygon

from rtsproj.domain.labels import Polarity
from rtsproj.errors import UsageError
from rtsproj.workflow.decide_file import decide_from
from rtsproj.workflow.project import Project
from rtsproj.workflow.sources import VectorChoice, add_area, add_labels

MANY = 30


def listed(path: str) -> list[list[str]]:
    with Path(path).open(newline="") as stream:
        return list(csv.reader(stream))


def only_list(project: Project) -> str:
    (path,) = (project.folder / "reports").glob("import-*.csv")
    return str(path)


def bow(col: float, row: float) -> Polygon:
    """A polygon that crosses itself."""
    a, b, c, d, _ = square(col, row, 4).exterior.coords
    return Polygon([a, c, b, d])


def test_every_repeat_and_every_repair_is_listed(project: Project, tmp_path: Path) -> None:
    places = [square(60 + 5 * (n % 6), 60 + 5 * (n // 6), 4) for n in range(MANY)]
    bows = [bow(100 + 5 * (n % 6), 100 + 5 * (n // 6)) for n in range(MANY)]
    file = geojson(tmp_path / "more.geojson", [*places, *places, *bows])
    added = add_labels(project, file, VectorChoice(), polarity=Polarity.POSITIVE, by="ann")
    assert (len(added.repeated), len(added.repaired)) == (MANY, MANY)
    header, *rows = listed(added.listed)
    assert header == ["what", "feature", "reason"]
    assert [row[1] for row in rows if row[0] == "left out"] == list(added.repeated)
    assert [row[1] for row in rows if row[0] == "repaired"] == list(added.repaired)


def test_every_refused_feature_is_listed(project: Project, tmp_path: Path) -> None:
    lines = [LineString(square(n, n, 4).exterior.coords) for n in range(MANY)]
    file = geojson(tmp_path / "lines.geojson", lines)
    with pytest.raises(UsageError, match=f"{MANY} of {MANY} features") as caught:
        add_area(project, file, VectorChoice(), by="ann")
    assert only_list(project) in caught.value.hint
    assert len(listed(only_list(project))) == MANY + 1


def test_every_refused_line_of_decisions_is_listed(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text("candidate_id,verdict\n" + "".join(f"{n},accept\n" for n in range(1, MANY + 1)))
    with pytest.raises(UsageError, match="and 20 more"):
        decide_from(project, file, analyst="ann")
    rows = listed(only_list(project))[1:]
    assert rows[-1] == ["refused", f"line {MANY + 1}", f"no candidate {MANY}"]
    assert len(rows) == MANY


def test_nothing_to_list_writes_no_file(project: Project, tmp_path: Path) -> None:
    file = geojson(tmp_path / "area.geojson", [square(0, 0, 100)])
    assert add_area(project, file, VectorChoice(), by="ann").listed == ""
    assert not list((project.folder / "reports").glob("import-*"))
