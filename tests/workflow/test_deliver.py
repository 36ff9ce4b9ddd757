"""Deliveries read back: the ARTS standard's columns, the benchmark's split."""

from pathlib import Path

import pyogrio
import pytest
from desk import search, square

from rtsproj.domain.decisions import Verdict
from rtsproj.errors import UsageError
from rtsproj.reports.arts import COLUMNS
from rtsproj.workflow.converge import converge
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.deliver import Delivery, export_arts, export_benchmark
from rtsproj.workflow.project import Project


def test_arts_rows_read_back_with_their_columns(project: Project, tmp_path: Path) -> None:
    search(project, [square(60, 80, 15)])
    path = tmp_path / "arts.geojson"
    with pytest.raises(UsageError, match="creator"):
        export_arts(project, path, Delivery())
    delivery = Delivery(creator="Ann Li, Example University")
    assert export_arts(project, path, delivery) == 2
    meta, _, wkb, columns = pyogrio.raw.read(path)
    values = dict(zip(meta["fields"], columns, strict=True))
    assert tuple(meta["fields"]) == COLUMNS
    assert meta["crs"] == "EPSG:3413"
    assert set(values["TrainClass"]) == {"Positive"}
    assert set(values["BaseMapDate"]) == {"2019-07-15,2019-07-15"}
    assert values["BaseMapResolution"].dtype.kind == "f"
    assert len(set(values["UID"])) == 2
    assert values["Area"][0] == pytest.approx(60 * 60, rel=0.01)
    assert len(wkb) == 2
    with pytest.raises(UsageError, match="GeoJSON or GeoPackage"):
        export_arts(project, tmp_path / "arts.shp", delivery)


def test_a_benchmark_holds_both_classes_with_their_words(project: Project, tmp_path: Path) -> None:
    search(project, [square(60, 80, 15), square(120, 120, 12)])
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    decide(project, 2, Word(Verdict.REJECT, "river"), analyst="bob")
    converge(project, by="ann")
    path = tmp_path / "benchmark.gpkg"
    assert export_benchmark(project, path) >= 2
    meta, _, _, columns = pyogrio.raw.read(path)
    values = dict(zip(meta["fields"], columns, strict=True))
    assert set(values["subset"]) <= {"train", "validation"}
    assert set(values["polarity"]) <= {"positive", "negative"}
