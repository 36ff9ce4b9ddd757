"""The ARTS standard: UIDs of the worked examples, columns in order."""

from datetime import date

from shapely.geometry import box

from rtsproj.reports.arts import COLUMNS, BaseMap, Drawn, arts_rows, uid_of

BASE = BaseMap(
    region="Qinghai-Tibet Engineering Corridor",
    creator="rtsproj test, Example University",
    first=date(2019, 7, 1),
    last=date(2019, 8, 31),
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
