"""The whole method on real images: ponds that stand in for slumps.

15 seed ponds of the west half of 2009; a scripted analyst accepts a candidate when at least half of
it is truth pond. Run by hand (about 15 minutes on two cores): pytest -m soak tests/journeys -s
"""

import json
import time
from pathlib import Path

import pytest
import shapely
from shell import Shell

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "ponds"
pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no real images in {DATA}"),
]
SEEDS = 15
LARGE_M2 = 2000.0
SETTINGS = (
    ("train", "steps", 160),
    ("train", "chip_px", 128),
    ("train", "validate_every", 40),
    ("lineage", "growth_px", 40.0),
)
"""Small ground, small chips; outlines of ponds wobble by a pixel or two from one model to the next,
so that only growth of 0.1 ha shows a judged pond again."""


def truth() -> list[shapely.Geometry]:
    raw = json.loads((DATA / "labels" / "ponds_20090818.geojson").read_text())
    return [shapely.geometry.shape(one["geometry"]) for one in raw["features"]]


def seed_file(path: Path) -> Path:
    raw = json.loads((DATA / "labels" / "ponds_20090818.geojson").read_text())
    shapes = truth()
    middle = sum(shapely.total_bounds(shapes)[[0, 2]]) / 2
    west = [n for n, one in enumerate(shapes) if one.centroid.x < middle and one.area >= LARGE_M2]
    chosen = [west[n * len(west) // SEEDS] for n in range(SEEDS)]
    raw["features"] = [raw["features"][n] for n in chosen]
    path.write_text(json.dumps(raw))
    return path


def is_found(pond: shapely.Geometry, inventory: list[shapely.Geometry]) -> bool:
    """A pond is found when an outline of the inventory lies at least half inside it."""
    return any(one.intersection(pond).area >= 0.5 * one.area for one in inventory)


def verdicts(shell: Shell, ponds: shapely.Geometry) -> dict[int, str]:
    rows = shell.sql("SELECT candidate_id, geom FROM candidates WHERE status = 'open'")
    said = {}
    for row in rows:
        outline = shapely.from_wkt(row["geom"])
        share = outline.intersection(ponds).area / outline.area
        said[row["candidate_id"]] = "accept" if share >= 0.5 else "reject"
    return said


def make_project(tmp_path: Path, *, seeds: Path) -> Shell:
    shell = Shell(tmp_path / "ponds")
    Shell(tmp_path).run("init", shell.folder, "--name", "ponds")
    for setting in SETTINGS:
        shell.setting(*setting)
    images = sorted((DATA / "images").glob("*.tif"))
    shell.run("scene", "add", images[0], "--role", "map")
    shell.run("scene", "add", *images[1:], "--role", "history")
    shell.run("label", "add", seeds)
    shell.run("line", "add", DATA / "labels" / "road_digitised.geojson", "--kind", "road")
    return shell


def walk(shell: Shell, tmp_path: Path) -> int:
    """Go round until the rule is met; returns the number of iterations."""
    ponds = shapely.union_all(truth())
    for _ in range(10):
        shell.run("next", "--wait")
        waiting = verdicts(shell, ponds)
        if waiting:
            shell.decide(waiting, tmp_path / "decisions.csv")
        outcome = shell.json("converge")
        print(f"{outcome['iteration']}: {len(waiting)} decisions, {outcome['reason']}")
        if outcome["converged"]:
            return int(outcome["iteration"])
    raise AssertionError("not converged after 10 iterations")


def test_the_method_finds_the_ponds_and_converges(tmp_path: Path) -> None:
    began = time.monotonic()
    shell = make_project(tmp_path, seeds=seed_file(tmp_path / "seeds.geojson"))
    iterations = walk(shell, tmp_path)
    minutes = (time.monotonic() - began) / 60
    found = [shapely.from_wkt(row["geom"]) for row in shell.sql("SELECT geom FROM inventory")]
    large = [one for one in truth() if one.area >= LARGE_M2]
    hit = [one for one in large if is_found(one, found)]
    mapped = shapely.union_all(found)
    covered = [one for one in large if one.intersection(mapped).area >= 0.5 * one.area]
    decisions = shell.sql("SELECT count(*) AS n FROM decisions WHERE act = 'say'")[0]["n"]
    new = shell.sql("SELECT count(*) AS n FROM inventory WHERE origin = 'found'")[0]["n"]
    print(shell.run("report"))
    print(
        f"found {len(hit)} of {len(large)} ponds of at least 0.2 ha "
        f"({100 * len(hit) / len(large):.0f} %; {len(covered)} of them to at least half of their "
        f"area), {decisions} decisions for {new} new ponds ({decisions / new:.2f} each), "
        f"{iterations} iterations, {minutes:.1f} minutes"
    )
    assert len(hit) >= 0.95 * len(large)
    assert decisions <= 2.5 * new


def test_known_ponds_do_not_come_back(tmp_path: Path) -> None:
    """Every pond is known before: what a model draws otherwise than the digitiser is no growth."""
    shell = make_project(tmp_path, seeds=DATA / "labels" / "ponds_20090818.geojson")
    shell.run("next", "--wait")
    rows = shell.sql("SELECT lineage, status, count(*) AS n FROM candidates GROUP BY ALL")
    counts = {(row["lineage"], row["status"]): row["n"] for row in rows}
    waiting = sum(n for (_, status), n in counts.items() if status == "open")
    print(f"{waiting} of {sum(counts.values())} candidates wait for a decision: {counts}")
    assert not [lineage for lineage, _ in counts if lineage == "grown"]
