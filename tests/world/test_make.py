"""The synthetic corridor: repeatable, honest, and hard in the ways it promises."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from pyproj import Transformer
from rasterio.features import rasterize

from rtsproj.world.analyst import found_by_type, truth_verdicts
from rtsproj.world.layout import COUNTS, CRS, SEED_TYPES, TYPES
from rtsproj.world.make import World, make_world


def features(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["features"]


def shapes(path: Path) -> list[shapely.Geometry]:
    """Outlines of a file in the corridor's own metres."""
    project = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform
    found = [shapely.geometry.shape(one["geometry"]) for one in features(path)]
    return [shapely.transform(one, project, interleaved=False) for one in found]


def types(path: Path) -> list[str]:
    return [one["properties"]["type"] for one in features(path)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"), size="small")


def test_equal_seeds_give_equal_files(world: World, tmp_path: Path) -> None:
    again = make_world(tmp_path, size="small")
    for one, other in zip(
        (*world.map_scenes, *world.history_scenes, world.terrain, world.truth),
        (*again.map_scenes, *again.history_scenes, again.terrain, again.truth),
        strict=True,
    ):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_it_says_that_it_is_synthetic(world: World) -> None:
    assert "SYNTHETIC" in (world.folder / "README.txt").read_text(encoding="utf-8")


def test_a_third_of_the_slumps_of_some_types_is_known(world: World) -> None:
    truth, seeds = shapes(world.truth), shapely.union_all(shapes(world.seeds))
    known = {
        kind for one, kind in zip(truth, types(world.truth), strict=True) if one.intersects(seeds)
    }
    assert len(truth) == COUNTS["small"]
    assert len(shapes(world.seeds)) == pytest.approx(len(truth) / 3, abs=1.5)
    assert known <= {TYPES[n] for n in SEED_TYPES}
    assert len(set(types(world.truth))) > len(known)


def test_map_scenes_overlap_on_grids_that_do_not_align(world: World) -> None:
    with rasterio.open(world.map_scenes[0]) as one, rasterio.open(world.map_scenes[1]) as other:
        assert one.bounds.right > other.bounds.left
        assert (one.transform.c - other.transform.c) % 3 != pytest.approx(0)
        assert one.count == 4
        assert one.dtypes[0] == "uint16"


def test_slumps_grow(world: World) -> None:
    """The ground of a slump changes more than the tundra round it."""
    with (
        rasterio.open(world.history_scenes[0]) as past,
        rasterio.open(world.history_scenes[1]) as now,
    ):
        inside = rasterize(shapes(world.truth), now.shape, transform=now.transform).astype(bool)
        change = np.abs(now.read(3).astype(float) - past.read(3))
    assert change[inside].mean() > 1.5 * change[~inside].mean()


def test_the_simulated_analyst_accepts_what_is_half_slump(world: World) -> None:
    truth = shapes(world.truth)
    first = truth[0]
    aside = first.envelope.buffer(4 * first.length)
    cases = [(1, first.wkb), (2, aside.wkb)]
    said = truth_verdicts(cases, [one.wkb for one in truth])
    assert said == {1: ("accept", ""), 2: ("reject", "barren")}


def test_what_was_found_is_counted_by_type(world: World) -> None:
    truth = shapes(world.truth)
    kinds = ["a", "b", *("c" for _ in truth[2:])]
    pairs = [(one.wkb, kind) for one, kind in zip(truth, kinds, strict=True)]
    found = found_by_type([truth[0].wkb, truth[2].wkb], pairs)
    assert found == {"a": (1, 1), "b": (0, 1), "c": (1, len(truth) - 2)}
