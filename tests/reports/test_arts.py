"""The ARTS standard: UIDs of the worked examples, columns in order."""

from datetime import date

import pytest
from shapely.geometry import box

from rtsproj.reports.arts import COLUMNS, BaseMap, Drawn, arts_rows, kept_values, two_days, uid_of

BASE = BaseMap(
    region="Qinghai-Tibet Engineering Corridor",
    creator="rtsproj test, Example University",
    dates="2019-07-01,2019-08-31",
    source="PlanetScope",
    resolution_m=3.0,
    contributed=date(2026, 1, 31),
)


def test_the_uid_of_the_first_worked_example() -> None:
    [row] = arts_rows(BASE, [Drawn(box(0, 0, 1, 1), 92.9123, 34.848118, 900.0, "Positive", "")])
    assert row["UID"] == "ee264086-928f-5076-bca7-1e806897e1b9"
    assert tuple(row)[:-1] == COLUMNS
    assert isinstance(row["BaseMapResolution"], float)


def test_the_uid_of_the_second_worked_example() -> None:
    row = {
        "CentroidLat": 34.8,
        "CentroidLon": 92.9,
        "RegionName": BASE.region,
        "CreatorLab": BASE.creator,
        "BaseMapDate": "2019-07-15,2019-07-15",
        "BaseMapSource": "Sentinel-2",
        "BaseMapResolution": 0.5,
        "TrainClass": "Negative",
        "LabelType": "BoundingBox",
    }
    assert uid_of(row) == "6b291cdc-d301-58ae-a4c0-cb424ed978d8"


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2018-07-03", "2018-07-03,2018-07-03"),
        ("2018-07-03 00:00:00", "2018-07-03,2018-07-03"),
        ("2018-07-03, 2019-08-01", "2018-07-03,2019-08-01"),
        ("2016,2018", "2016-01-01,2018-12-31"),
        ("summer 2016", None),
        ("2016-13-01", None),
        ("", None),
    ],
)
def test_one_or_two_days_or_years_are_read(text: str, days: str | None) -> None:
    assert two_days(text) == days


def test_a_file_keeps_what_the_standard_accepts_and_nothing_of_its_class_or_size() -> None:
    uid = "ee264086-928f-5076-bca7-1e806897e1b9"
    given = {
        "UID": "7",
        "Area": 5,
        "TrainClass": "Negative",
        "BaseMapSource": "",
        "RegionName": "R",
    }
    assert kept_values(given, uid="7", dates="then") == {"RegionName": "R"}
    assert kept_values({"BaseMapResolution": "fine"}, uid="", dates="") == {}
    kept = kept_values({"BaseMapResolution": "1"}, uid=uid, dates="2018")
    assert kept == {
        "BaseMapResolution": 1.0,
        "UID": uid,
        "BaseMapDate": "2018-01-01,2018-12-31",
    }
    drawn = Drawn(box(0, 0, 1, 1), 92.9, 34.8, 900.0, "Positive", "", kept)
    (row,) = arts_rows(BASE, [drawn])
    assert (row["UID"], row["BaseMapResolution"], row["Area"]) == (uid, 1.0, 900.0)
