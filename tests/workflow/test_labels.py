"""Labels of a file: what they keep of it, what is left out, ARTS without images."""

import csv
import json
from pathlib import Path

import pyogrio
import pytest
import shapely
from desk import CRS, geojson, square

from rtsproj.domain.labels import Polarity
from rtsproj.errors import UsageError
from rtsproj.geometry.measures import measure_all
from rtsproj.reports.arts import COLUMNS
from rtsproj.store.database import rows, scalar
from rtsproj.vectors.read import read_features
from rtsproj.vectors.write import write_features
from rtsproj.workflow.create import init_project
from rtsproj.workflow.deliver import Delivery, export_arts
from rtsproj.workflow.export import export
from rtsproj.workflow.ladder import shape_row
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.sources import Added, VectorChoice, add_labels

REAL = Path(__file__).resolve().parents[3] / "shared/data/arts/arts_raw_polygons.gpkg"
NO_FIELDS = {"Uid": None, "Year": None, "Name": None, "ha": None}
UID = "ee264086-928f-5076-bca7-1e806897e1b9"
GIVEN = Delivery("here", "Ann Li, Example University", "PlanetScope", "2017", 3.0)


def add(project: Project, path: Path, polarity: Polarity = Polarity.POSITIVE) -> Added:
    return add_labels(project, path, VectorChoice(), polarity=polarity, by="ann")


def ask(project: Project, query: str) -> list[dict]:
    with reading(project) as connection:
        return rows(connection, query)


def arts_file(path: Path) -> Path:
    """Two slumps and a negative, with values that the standard names."""
    shared = {"CreatorLab": "Bo, Lab", "BaseMapSource": "WorldView-2", "BaseMapResolution": 0.5}
    return write(
        path,
        [
            {"UID": UID, "TrainClass": "Positive", "BaseMapDate": "2018-07-03", **shared},
            {"UID": "7", "TrainClass": "Positive", "BaseMapDate": "2016,2018", **shared},
            {"UID": "8", "TrainClass": "Negative", "BaseMapDate": "", **shared},
        ],
    )


def write(path: Path, fields: list[dict]) -> Path:
    placed = [{**one, "geometry": square(20 * n, 60, 9)} for n, one in enumerate(fields)]
    write_features(path, placed, crs=CRS, layer="given")
    return path


def test_rows_of_many_labels_equal_rows_made_one_by_one(project: Project, tmp_path: Path) -> None:
    shapes = [square(8 * n, 60 + 3 * n, 4 + n % 3).buffer(n, join_style="mitre") for n in range(12)]
    add(project, geojson(tmp_path / "many.geojson", shapes))
    found = ask(
        project,
        "SELECT o.*, ST_AsWKB(o.geom) AS wkb, l.area_m2 AS label_m2, l.slump_id AS label_slump, "
        "ST_AsWKB(l.geom) AS label_wkb FROM current_outline o JOIN label l USING (outline_id) "
        "WHERE o.slump_id > 2 ORDER BY o.slump_id",
    )
    assert [one["slump_id"] for one in found] == list(range(3, 15))
    for one in found:
        single = shape_row(shapely.from_wkb(bytes(one["wkb"])), CRS)
        assert bytes(one["wkb"]) == bytes(one["label_wkb"]) == single.pop("wkb")
        assert {name: one[name] for name in single} == single
        assert (one["label_m2"], one["label_slump"]) == (one["area_m2"], one["slump_id"])
    assert {one["relation"] for one in found} == {"seed"}


def test_id_date_and_name_of_the_file_stay_with_the_slump(project: Project, tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.gpkg", [{"Uid": "x", "Year": 2017, "Name": "Wuli", "ha": 1.5}, NO_FIELDS]
    )
    add(project, file)
    columns = "source_uid, source_date, source_name"
    query = f"SELECT {columns} FROM inventory ORDER BY slump_id"  # noqa: S608 - literals
    found = [tuple(one.values()) for one in ask(project, query)]
    nothing = (None, None, None)
    assert found == [nothing, nothing, ("x", "2017", "Wuli"), nothing]
    query = f"SELECT {columns}, attributes FROM labels WHERE source_uid = 'x'"  # noqa: S608 - literals
    (label,) = ask(project, query)
    assert json.loads(label["attributes"]) == {"Uid": "x", "Year": 2017, "Name": "Wuli", "ha": 1.5}
    for suffix in ("gpkg", "parquet"):
        assert export(project, tmp_path / f"out.{suffix}") == 4
    meta, _, _, values = pyogrio.raw.read(tmp_path / "out.gpkg")
    out = dict(zip(meta["fields"], values, strict=True))
    assert list(out["source_name"]) == [None, None, "Wuli", None]


def test_a_repeat_is_listed_with_what_it_repeats(project: Project, tmp_path: Path) -> None:
    shapes = [square(20, 20, 20), square(60, 90, 9), square(60, 90, 9)]
    added = add(project, geojson(tmp_path / "again.geojson", shapes))
    assert added.repeated == ("0", "2")
    with Path(added.listed).open(newline="") as stream:
        listed = list(csv.reader(stream))[1:]
    assert listed == [
        ["left out", "0", "repeats RTS-00001"],
        ["left out", "2", "repeats feature 1"],
    ]


def test_of_an_arts_file_the_asked_class_is_taken_and_the_other_listed(
    project: Project, tmp_path: Path
) -> None:
    file = arts_file(tmp_path / "arts.gpkg")
    positives = add(project, file)
    assert (positives.features, len(positives.other_class)) == (2, 1)
    assert "its TrainClass is Negative" in Path(positives.listed).read_text()
    assert add(project, file, Polarity.NEGATIVE).features == 1
    for polarity in (Polarity.POSITIVE, Polarity.NEGATIVE):
        with pytest.raises(UsageError, match="taken in before"):
            add(project, file, polarity)


@pytest.mark.parametrize("suffix", ["geojson", "gpkg"])
def test_arts_goes_in_and_out_of_a_project_without_images(tmp_path: Path, suffix: str) -> None:
    project = init_project(tmp_path / "p")
    file = arts_file(tmp_path / "arts.gpkg")
    add(project, file)
    add(project, file, Polarity.NEGATIVE)
    target = tmp_path / f"out.{suffix}"
    with pytest.raises(UsageError, match="days of the images: 1 of 3 outlines have no BaseMapDate"):
        export_arts(project, target, Delivery())
    assert export_arts(project, target, Delivery(dates="2020-07-01")) == 3
    meta, _, _, columns = pyogrio.raw.read(target)
    out = dict(zip(meta["fields"], columns, strict=True))
    assert tuple(meta["fields"]) == COLUMNS
    assert meta["crs"] == "EPSG:3413"
    assert list(out["TrainClass"]) == ["Positive", "Positive", "Negative"]
    assert list(out["BaseMapDate"]) == [
        "2018-07-03,2018-07-03",
        "2016-01-01,2018-12-31",
        "2020-07-01,2020-07-01",
    ]
    assert list(out["CreatorLab"]) == ["Bo, Lab"] * 3
    assert list(out["BaseMapResolution"]) == [0.5] * 3
    assert out["UID"][0] == UID
    assert [len(uid) for uid in out["UID"]] == [36] * 3
    again = init_project(tmp_path / "again")
    assert (
        add(again, target).features,
        len(add(again, target, Polarity.NEGATIVE).other_class),
    ) == (
        2,
        2,
    )


def test_an_edited_outline_does_not_keep_the_uid_of_its_file(tmp_path: Path) -> None:
    project = init_project(tmp_path / "p")
    add(project, write(tmp_path / "a.gpkg", [{"UID": UID, "date": "2018-07-03"}]))
    with project.database.writing("another outline") as connection:
        wkb = square(0, 60, 12).wkb
        connection.execute("UPDATE slump_outline SET geom = ST_GeomFromWKB(?)", [wkb])
    target = tmp_path / "out.geojson"
    export_arts(project, target, GIVEN)
    ((_, _, props),) = read_features(target).features
    assert props["UID"] != UID
    assert props["BaseMapDate"] == "2017-01-01,2017-12-31"


@pytest.mark.skipif(not REAL.exists(), reason=f"no real data: {REAL}")
def test_the_real_arts_outlines_are_taken_with_every_repair_and_repeat_named(
    tmp_path: Path,
) -> None:
    project = init_project(tmp_path / "p")
    added = add(project, REAL)
    assert len(added.repaired) == 12
    assert added.features + len(added.repeated) == 8390
    assert len(Path(added.listed).read_text().splitlines()) == 1 + 12 + len(added.repeated)
    with reading(project) as connection:
        found = rows(connection, "SELECT source_uid, area_m2, lon, lat FROM inventory")
        assert scalar(connection, "SELECT count(source_uid) FROM labels") == added.features
    by_uid = {one["source_uid"]: one for one in found}
    features = [one for one in read_features(REAL).features if one[2]["uid"] in by_uid]
    given = [shapely.make_valid(geom, method="structure") for _, geom, _ in features]
    areas = measure_all([shapely.force_2d(one) for one in given], "EPSG:4326").area_m2
    taken = [by_uid[props["uid"]]["area_m2"] for _, _, props in features]
    # All latitudes of the Arctic in one zone: measures are geodesic, so that they stay true.
    assert taken == pytest.approx(list(areas), rel=1e-3)
    delivery = Delivery("Arctic", "whrc, ARTS", "various", "2014,2019", 3.0)
    assert export_arts(project, tmp_path / "arts.gpkg", delivery) == added.features
