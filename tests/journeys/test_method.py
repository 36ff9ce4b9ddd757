"""The method on real ponds, real slumps and synthetic worlds, with default settings only.

``pytest -m soak tests/journeys/test_method.py -s`` prints the table of the manual (about two hours
on two cores). RTSPROJ_METHOD: a part of it, as in "2009-west-15,peel"; every other pond run of four
dates, five ways to pick and 6, 10 or 15 known ponds may be named, too.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import rasterio
import rasterio.features
from method import HEAD, Case, Pick, Row, by_tone, smallest, spread, walk, west, write_seeds
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from rtsproj.geometry.crs import WGS84, transform
from rtsproj.world.layout import CRS
from rtsproj.world.make import make_world

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
PONDS = {
    "2009": "20090818",
    "2012": "20120731",
    "2017": "20170827",
    "2019": "20190904",
}
PEEL_BANDS = "blue,green,red,rededge1,rededge2,rededge3,nir"
RUNS = """
    2009-west-15 2009-spread-10 2009-small-6 2009-dark-6 2009-bright-10
    2012-west-10 2012-spread-6 2012-small-15 2012-bright-6
    2017-west-6 2017-spread-15 2017-dark-10 2017-bright-6
    2019-small-10 2019-dark-6 2019-bright-15 2019-spread-10
    peel world-1 world-2 world-3
"""
CHOSEN = os.environ.get("RTSPROJ_METHOD", "").replace(",", " ").split() or RUNS.split()
LEAST_RECALL, MEDIAN_RECALL, MOST_AGAIN, MOST_FRAGMENTS = 0.80, 0.95, 0.10, 1.05
ENOUGH = 16
"""Runs on ponds from which on the bounds of the whole table hold."""

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]


@pytest.fixture(scope="module")
def table() -> Iterator[list[Row]]:
    """Rows in the order of their runs; the whole is printed and judged when all have ended."""
    rows: list[Row] = []
    yield rows
    rows.sort(key=lambda row: row.case.name)
    print("\n".join(("", HEAD, *(row.line for row in rows))))
    ponds = [row for row in rows if row.case.name[0] == "2"]
    if len(ponds) < ENOUGH:
        return
    again, decisions = (sum(getattr(row, name) for row in rows) for name in ("again", "decisions"))
    print(
        f"ponds: median recall {median(row.recall for row in ponds):.3f}, worst "
        f"{min(row.recall for row in ponds):.3f}; {again / decisions:.3f} of all decisions asked "
        f"again; outlines per slump, median {median(row.fragments for row in rows):.2f}"
    )
    assert median(row.recall for row in ponds) >= MEDIAN_RECALL
    assert again <= MOST_AGAIN * decisions
    assert median(row.fragments for row in rows) <= MOST_FRAGMENTS


@pytest.mark.parametrize("name", CHOSEN)
def test_the_method_finds_what_is_there(name: str, tmp_path: Path, table: list[Row]) -> None:
    if not name.startswith("world") and not DATA.is_dir():
        pytest.skip(f"no real images in {DATA}")
    print(f"\n{HEAD}")
    row = walk(_case(name, tmp_path), tmp_path, lambda line: print(line, flush=True))
    table.append(row)
    assert row.recall >= LEAST_RECALL
    assert row.ended == "converged"


def _case(name: str, folder: Path) -> Case:
    if name == "peel":
        return _peel(folder)
    kind, _, rest = name.partition("-")
    if kind == "world":
        return _world(int(rest), folder)
    pick, _, count = rest.partition("-")
    return _ponds(kind, pick, int(count), folder)


def _ponds(date: str, pick: str, count: int, folder: Path) -> Case:
    images = sorted((DATA / "ponds" / "images").glob("*.tif"))
    [image] = [one for one in images if PONDS[date] in one.name]
    raw = json.loads((DATA / "ponds" / "labels" / f"ponds_{PONDS[date]}.geojson").read_text())
    truth = [shape(one["geometry"]).buffer(0) for one in raw["features"]]
    ways: dict[str, Pick] = {
        "west": west,
        "spread": spread,
        "small": smallest,
        "dark": by_tone(_tones(image, truth), brightest=False),
        "bright": by_tone(_tones(image, truth), brightest=True),
    }
    seeds = ways[pick](truth, count)
    others = [one for one in images if one != image]
    return Case(
        f"{date}-{pick}-{count}",
        truth,
        seeds,
        [[image, "--role", "map"], [*others, "--role", "history"]],
        write_seeds(folder / "seeds.geojson", raw, seeds),
    )


def _tones(image: Path, truth: list[BaseGeometry]) -> list[float]:
    """Mean brightness of each pond."""
    with rasterio.open(image) as file:
        rgb = file.read([1, 2, 3]).mean(axis=0)
        numbered = rasterio.features.rasterize(
            ((one, n + 1) for n, one in enumerate(truth)),
            out_shape=rgb.shape,
            transform=file.transform,
            dtype="int32",
        )
    counts = np.maximum(1, np.bincount(numbered.ravel(), minlength=len(truth) + 1))
    sums = np.bincount(numbered.ravel(), weights=rgb.ravel(), minlength=len(truth) + 1)
    return (sums / counts)[1:].tolist()


def _peel(folder: Path) -> Case:
    """Nine slumps; four are known."""
    peel = DATA / "rts_peel"
    image = next((peel / "images").glob("Peel_S2*.tif"))
    raw = json.loads((peel / "labels" / "Peel_consensus_majority.geojson").read_text())
    with rasterio.open(image) as file:
        crs = file.crs.to_string()
    given = str(raw.get("crs", {}).get("properties", {}).get("name", "")) or WGS84
    truth = [transform(shape(one["geometry"]), given, crs) for one in raw["features"]]
    seeds = spread(truth, 4)
    return Case(
        "peel",
        truth,
        seeds,
        [[image, "--bands", PEEL_BANDS]],
        write_seeds(folder / "seeds.geojson", raw, seeds),
        area=peel / "Peel_AOI_2500.geojson",
    )


def _world(seed: int, folder: Path) -> Case:
    """A synthetic corridor: in the first, only two of five appearances are known."""
    world = make_world(folder / "world", size="default", seed=seed)
    raw = json.loads(world.truth.read_text())
    truth = [transform(shape(one["geometry"]), WGS84, CRS) for one in raw["features"]]
    if seed == 1:
        known = [shape(one["geometry"]) for one in json.loads(world.seeds.read_text())["features"]]
        known = [transform(one, WGS84, CRS) for one in known]
        seeds = [n for n, one in enumerate(truth) if any(one.intersects(k) for k in known)]
        file = world.seeds
    else:
        seeds = spread(truth, 14)
        file = write_seeds(folder / "seeds.geojson", raw, seeds)
    return Case(
        f"world-{seed}",
        truth,
        seeds,
        [[*world.map_scenes], [*world.history_scenes, "--role", "history"]],
        file,
    )
