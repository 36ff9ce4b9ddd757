"""Vector files in and out, and everything in them that is refused with its id."""

import csv
import json
from pathlib import Path

import pytest
import shapely
from shapely.geometry import LineString, Point, Polygon, box

from rtsproj.errors import UsageError
from rtsproj.geometry.repair import check_over_area, checked_lines, checked_polygons
from rtsproj.vectors.read import read_features
from rtsproj.vectors.write import short_names, write_features

CRS = "EPSG:32646"
SQUARE = box(490_000, 3_850_000, 490_100, 3_850_100)
ROWS = [
    {"id": 1, "name": "=1+1", "score": 0.5, "note": None, "geometry": SQUARE},
    {"id": 2, "name": "b", "score": None, "note": "x", "geometry": SQUARE.buffer(9)},
]


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb", ".shp"])
def test_a_table_comes_back_with_its_crs(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    write_features(path, ROWS, crs=CRS, layer="inventory")
    file = read_features(path)
    assert file.crs == ("EPSG:4326" if suffix == ".geojson" else CRS)
    found = {props["id"]: props for _, _, props in file.features}
    assert found[1]["name"] == "=1+1"
    assert found[2]["score"] is None
    write_features(path, ROWS[:1], crs=CRS, layer="inventory")
    assert len(read_features(path).features) == 1
    assert not list(tmp_path.glob(".export-*"))


def test_csv_text_is_no_formula_and_numbers_stay_numbers(tmp_path: Path) -> None:
    write_features(tmp_path / "x.csv", ROWS, crs=CRS, layer="x")
    with (tmp_path / "x.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["name"] for row in rows] == ["'=1+1", "b"]
    assert rows[0]["score"] == "0.5"
    assert shapely.from_wkt(rows[0]["geometry"]).equals(SQUARE)


def test_shapefile_names_are_short_and_none_twice() -> None:
    names = ["proximity_road_m", "proximity_rail_m", "proximity_road_m2", "id"]
    assert short_names(names) == ["proximity_", "proximity2", "proximity3", "id"]


def test_a_folder_that_is_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot be written"):
        write_features(tmp_path / "file" / "x.gpkg", ROWS, crs=CRS, layer="x")


def test_a_filter_and_a_layer_choose(tmp_path: Path) -> None:
    path = tmp_path / "x.gpkg"
    write_features(path, ROWS, crs=CRS, layer="one")
    assert len(read_features(path, where="name = 'b'").features) == 1
    with pytest.raises(UsageError, match="cannot be read") as caught:
        read_features(path, where="nonsense ((")
    assert "fields: id, name, score, note" in caught.value.hint
    with pytest.raises(UsageError, match="has no layer 'two'"):
        read_features(path, layer="two")


HOSTILE = [
    ("x.geojson", '{"type":"gdal_streamed_alg","command_line":"gdal vector pipeline ! read /x"}'),
    ("x.geojson", "<OGRVRTDataSource><OGRVRTLayer name='a'/></OGRVRTDataSource>"),
    ("x.geojson", '{"type": "FeatureCollection", "features": ['),
    ("x.kml", "<kml/>"),
    ("missing.gpkg", None),
]


@pytest.mark.parametrize(("name", "text"), HOSTILE)
def test_foreign_and_broken_files_are_refused(tmp_path: Path, name: str, text) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_features(path)
    assert str(path) in caught.value.what


@pytest.mark.parametrize("text", ["/vsicurl/http://127.0.0.1:9/x.geojson", "https://a/x.gpkg"])
def test_paths_that_are_no_files_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a plain file path"):
        read_features(Path(text))


def test_a_shapefile_needs_its_index_and_names_no_crs_without_prj(tmp_path: Path) -> None:
    path = tmp_path / "x.shp"
    write_features(path, ROWS, crs=CRS, layer="x")
    path.with_suffix(".prj").unlink()
    assert read_features(path).crs is None
    path.with_suffix(".shx").unlink()
    with pytest.raises(UsageError, match=r"no \.shx"):
        read_features(path)


def test_every_bad_polygon_is_named() -> None:
    features = [
        ("1", None),
        ("2", Polygon()),
        ("3", SQUARE),
        ("4", Point(1, 2)),
        ("5", box(0, 0, float("inf"), 1)),
    ]
    with pytest.raises(UsageError, match="4 of 5 features") as caught:
        checked_polygons(features)
    for text in ("1 (no geometry)", "2 (empty)", "4 (Point, not a polygon)", "5 (coordinates"):
        assert text in caught.value.what


def test_a_bowtie_is_repaired_and_said_and_height_is_dropped() -> None:
    bowtie = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    tall = shapely.force_3d(SQUARE, 7.0)
    found = checked_polygons([("a", bowtie), ("b", tall)])
    assert found.repaired == ("a",)
    assert found.geoms[0].area == pytest.approx(0.5)
    assert not found.geoms[1].has_z


def test_lines_and_polygons_are_not_mistaken() -> None:
    with pytest.raises(UsageError, match="not a line"):
        checked_lines([("1", SQUARE)])
    assert checked_lines([("1", LineString([(0, 0), (1, 1)]))]).repaired == ()


def test_what_misses_the_area_is_told_how_far_and_swapped_axes_are_recognised(
    tmp_path: Path,
) -> None:
    far = box(600_000, 3_850_000, 600_010, 3_850_010)
    with pytest.raises(UsageError, match=r"outside the area by 109\.9 km"):
        check_over_area([far], SQUARE, CRS, "roads.gpkg")
    ring = [[34.8, 92.891], [34.8, 92.892], [34.801, 92.892], [34.8, 92.891]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    path = tmp_path / "swapped.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert read_features(path).features[0][1] is not None


def test_whole_numbers_stay_whole_where_some_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "years.gpkg"
    given = [{"year": 2017, "ha": 1.5}, {"year": None, "ha": None}]
    write_features(path, [{**one, "geometry": SQUARE} for one in given], crs=CRS, layer="x")
    found = [props for _, _, props in read_features(path).features]
    assert found == given
    assert isinstance(found[0]["year"], int)
