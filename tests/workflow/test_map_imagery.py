"""Imagery under the map: any view, also beside the images, is what the files hold there."""

from collections.abc import Iterator

import numpy as np
import pytest
from desk import LEFT, PIXEL_M, SIDE, TOP, make_project
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rtsproj.workflow.map_imagery import read_map_picture
from rtsproj.workflow.project import Project

SPAN_M = SIDE * PIXEL_M


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = make_project(tmp_path_factory.mktemp("made"))
    yield project
    project.database.close()


@settings(max_examples=15, deadline=None)
@given(
    x=st.floats(-2 * SPAN_M, 3 * SPAN_M),
    y=st.floats(-2 * SPAN_M, 3 * SPAN_M),
    dot_m=st.sampled_from([0.5, 3.0, 11.0]),
    size=st.tuples(st.integers(1, 60), st.integers(1, 30)),
)
@example(x=0.0, y=0.0, dot_m=0.5, size=(1, 1))
@example(x=1e7, y=-1e7, dot_m=3.0, size=(80, 24))
def test_any_view_is_the_imagery_where_there_is_some(
    made: Project, x: float, y: float, dot_m: float, size: tuple[int, int]
) -> None:
    # GIVEN a view of so many cells of 2 x 4 dots round a place, from the corner of the image
    across, down = size[0] * dot_m, 2 * size[1] * dot_m
    bounds = (LEFT + x - across, TOP - y - down, LEFT + x + across, TOP - y + down)
    cols, rows = 2 * size[0], 2 * size[1]
    found = read_map_picture(made, bounds, (cols, rows))
    assert found.rgb.shape == (rows, cols, 3)
    assert found.valid.shape == (rows, cols)
    # THEN elements in the image are valid and those outside are not, up to a thinned pixel
    middle_x = x - across + (np.arange(cols) + 0.5) * 2 * across / cols
    middle_y = y - down + (np.arange(rows) + 0.5) * 2 * down / rows
    slack = 2 * max(across, down) / max(cols, rows) + 2 * PIXEL_M
    inside, near = (
        (middle_x > -more) & (middle_x < SPAN_M + more)
        & ((middle_y > -more) & (middle_y < SPAN_M + more))[:, None]
        for more in (-slack, slack)
    )  # fmt: skip
    assert found.valid[inside].all()
    assert not found.valid[~near].any()
