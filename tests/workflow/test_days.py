"""Images whose names hold a year alone get their day once for all."""

from datetime import date
from pathlib import Path

import pytest
from desk import scene_file

from rtsproj.domain.days import DayOfYear, parse_day
from rtsproj.domain.scenes import Role
from rtsproj.errors import UndatedError, UsageError
from rtsproj.imagery.names import year_of
from rtsproj.workflow.create import init_project
from rtsproj.workflow.scenes import SceneChoice, add_scenes, list_scenes

BANDS = ("blue", "green", "red", "nir")


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    found = []
    for year in (2016, 2018, 2019):
        made = scene_file(tmp_path, year=year)
        found.append(made.rename(tmp_path / f"mosaic_{year}_utm.tif"))
    return found


def test_days_are_read() -> None:
    assert parse_day("2019-07-15") == date(2019, 7, 15)
    assert parse_day(" 07-15 ") == DayOfYear(7, 15)
    assert str(DayOfYear(7, 5)) == "07-05"
    assert DayOfYear(2, 29).in_year(2020) == date(2020, 2, 29)
    for text in ("13-01", "2019-02-29", "7-15", ""):
        with pytest.raises(UsageError, match="is not a day"):
            parse_day(text)
    with pytest.raises(UsageError, match="2019-02-29 is not a day"):
        DayOfYear(2, 29).in_year(2019)


def test_the_year_in_a_name() -> None:
    assert year_of("mosaic_2016_utm.tif") == 2016
    assert year_of("mosaic_20160715.tif") is None
    assert year_of("change_2016_2018.tif") is None
    assert year_of("tile_1234.tif") is None


def test_one_call_asks_once_and_one_day_serves_all(tmp_path: Path, files: list[Path]) -> None:
    project = init_project(tmp_path / "project")
    asked = SceneChoice(role=Role.HISTORY, bands=BANDS)
    with pytest.raises(UndatedError) as caught:
        add_scenes(project, files, asked, by="ann")
    for file in files:
        assert file.name in caught.value.what
    assert "--date MM-DD once" in caught.value.hint
    assert list_scenes(project) == ()
    choice = SceneChoice(role=Role.HISTORY, acquired=parse_day("07-15"), bands=BANDS)
    added = add_scenes(project, files, choice, by="ann")
    assert [str(one.acquired) for one in added] == ["2016-07-15", "2018-07-15", "2019-07-15"]


def test_a_day_without_a_year_needs_one_in_the_name(tmp_path: Path, files: list[Path]) -> None:
    project = init_project(tmp_path / "project")
    bare = files[0].rename(tmp_path / "mosaic.tif")
    choice = SceneChoice(acquired=parse_day("07-15"), bands=BANDS)
    with pytest.raises(UndatedError, match=r"of 1 file: mosaic\.tif") as caught:
        add_scenes(project, [bare, *files[1:]], choice, by="ann")
    assert "YYYY-MM-DD" in caught.value.hint
