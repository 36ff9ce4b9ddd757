"""Scenes in an object store are registered and merged as files are."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pieces import CRS, GRID
from ranges import NAME, SIDE, Ranges

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.places import place_of
from rtsproj.domain.scenes import Role
from rtsproj.imagery.mosaic import Mosaic
from rtsproj.imagery.objects import reader as reader_module
from rtsproj.imagery.probe import ProbeChoice, read_scene


def test_a_scene_of_a_store_is_registered_as_the_file_is(server: Ranges, cog: Path) -> None:
    there = read_scene(place_of(server.url(NAME)), Role.MAP, ProbeChoice())
    here = read_scene(cog, Role.MAP, ProbeChoice())
    assert there.spec.path == server.url(NAME)
    assert there.spec.name == NAME
    own = {"path": here.spec.path, "fingerprint": here.spec.fingerprint}
    assert replace(there.spec, **own) == here.spec
    assert replace(there, spec=here.spec, mtime_ns=here.mtime_ns) == here


@pytest.mark.parametrize("pixel_m", [3.0, 4.0])
def test_a_mosaic_reads_objects_as_it_reads_files(
    server: Ranges, cog: Path, pixel_m: float
) -> None:
    grid = ProjectGrid(CRS, pixel_m, GRID.origin_x, GRID.origin_y)
    window = Window(100, 40, 150, 300)
    found = []
    for place in (cog, place_of(server.url(NAME))):
        spec = read_scene(place, Role.MAP, ProbeChoice()).spec
        with Mosaic([spec], grid, spec.bands) as mosaic:
            found.append(mosaic.read(window))
    assert found[0].valid.any()
    assert np.array_equal(found[0].values, found[1].values)
    assert np.array_equal(found[0].valid, found[1].valid)


@pytest.mark.parametrize("shift_px", [0.0, 0.4], ids=["same grid", "between pixels"])
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    row=st.integers(-200, SIDE + 90),
    col=st.integers(-200, SIDE + 90),
    rows=st.integers(1, 300),
    cols=st.integers(1, 300),
)
@example(row=SIDE - 1, col=SIDE - 1, rows=1, cols=1)
@example(row=SIDE, col=-1, rows=1, cols=SIDE + 2)
def test_a_window_over_any_edge_of_an_object_is_that_of_the_file(
    server: Ranges, cog: Path, shift_px: float, row: int, col: int, rows: int, cols: int
) -> None:
    reader_module._quiet_of.cache_clear()
    url = read_scene(place_of(server.url(NAME)), Role.MAP, ProbeChoice()).spec
    grid = replace(GRID, origin_x=GRID.origin_x + shift_px * GRID.pixel_m)
    window = Window(row, col, rows, cols)
    with (
        Mosaic([url], grid, url.bands) as far,
        Mosaic([replace(url, path=str(cog))], grid, url.bands) as near,
    ):
        found, wanted = far.read(window), near.read(window)
    assert np.array_equal(found.values, wanted.values)
    assert np.array_equal(found.valid, wanted.valid)
    inside = window.shared(Window(0, 0, SIDE, SIDE))
    if shift_px == 0:
        assert found.valid.sum() == inside.rows * inside.cols
