"""The method's laboratory: walk the installed command with an analyst who reads the truth.

Default settings only, by the words of the README. What a run cost and found is one ``Row``.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from shell import Shell

LEAST_M2 = 2000.0
"""Truth below this is neither a seed nor missed; an outline on it is still right."""
HALF = 0.5
"""Of a truth polygon that one outline covers: it is found. Of a candidate that is truth: it is
accepted."""
MOST_ITERATIONS = 12
Pick = Callable[[Sequence[BaseGeometry], int], list[int]]


@dataclass(frozen=True)
class Case:
    """What is mapped from what.

    Attributes:
        name: of the row.
        truth: true outlines, project CRS.
        seeds: numbers of those that are known.
        scenes: command lines after ``scene add``.
        seed_file: GeoJSON of the known ones.
        area: file of the area; None = the images.
    """

    name: str
    truth: Sequence[BaseGeometry]
    seeds: Sequence[int]
    scenes: Sequence[Sequence[object]]
    seed_file: Path
    area: Path | None = None


@dataclass
class Row:
    """What a run cost and found.

    Attributes:
        case: what was mapped.
        iterations: so far.
        decisions: so far.
        again: those of them about a slump that is known.
        beside: those of them about a part of a place that was rejected, or about ground next to it.
        recall: 0..1, truth that is found.
        new: truth that is found and was not known.
        fragments: outlines per slump that is found.
        iou: of each iteration, the median of the outlines that were accepted so far.
        better: accepted outlines that another one replaced, and whose IoU rose.
        worse: the same, and it fell.
        kept: slump_id -> IoU of its outline.
        minutes: since the start.
        ended: how.
    """

    case: Case
    iterations: int = 0
    decisions: int = 0
    again: int = 0
    beside: int = 0
    recall: float = 0.0
    new: int = 0
    fragments: float = 0.0
    iou: list[float] = field(default_factory=list)
    better: int = 0
    worse: int = 0
    kept: dict[int, float] = field(default_factory=dict)
    minutes: float = 0.0
    ended: str = ""

    @property
    def per_new(self) -> float:
        """Decisions per new slump."""
        return self.decisions / max(1, self.new)

    @property
    def line(self) -> str:
        """The row of the table."""
        iou = " → ".join(f"{one:.2f}" for one in self.iou)
        return (
            f"| {self.case.name} | {len(self.case.seeds)} | {self.recall:.3f} | {self.per_new:.2f} "
            f"| {self.again / max(1, self.decisions):.2f} "
            f"| {self.beside / max(1, self.decisions):.2f} | {self.fragments:.2f} | {iou} "
            f"| {self.better}, {self.worse} | {self.iterations} | {self.minutes:.1f} "
            f"| {self.ended} |"
        )


COLUMNS = (
    "run",
    "known",
    "recall",
    "decisions per new",
    "asked again",
    "beside rejected",
    "outlines per slump",
    "median IoU by iteration",
    "outlines that got better, worse",
    "iterations",
    "min",
    "ended",
)
HEAD = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"


def west(truth: Sequence[BaseGeometry], count: int) -> list[int]:
    """Spread over the western half."""
    order = sorted(_large(truth), key=lambda n: truth[n].centroid.x)
    half = order[: len(order) // 2]
    return half[:: max(1, len(half) // count)][:count]


def spread(truth: Sequence[BaseGeometry], count: int) -> list[int]:
    """Anywhere."""
    order = sorted(_large(truth), key=lambda n: (n * 7919) % 104729)
    return order[:: max(1, len(order) // count)][:count]


def smallest(truth: Sequence[BaseGeometry], count: int) -> list[int]:
    """The smallest."""
    return sorted(_large(truth), key=lambda n: truth[n].area)[:count]


def by_tone(tone: Sequence[float], *, brightest: bool) -> Pick:
    """The darkest or brightest."""

    def pick(truth: Sequence[BaseGeometry], count: int) -> list[int]:
        return sorted(_large(truth), key=lambda n: tone[n], reverse=brightest)[:count]

    return pick


def _large(truth: Sequence[BaseGeometry]) -> list[int]:
    return [n for n, one in enumerate(truth) if one.area >= LEAST_M2]


def walk(case: Case, folder: Path, tell: Callable[[str], None]) -> Row:
    """Go round until the rule is met; ``tell`` takes the row after each iteration."""
    began, row, shell = time.monotonic(), Row(case), Shell(folder / "project")
    Shell(folder).run("init", shell.folder, "--name", case.name)
    for words in case.scenes:
        shell.run("scene", "add", *words)
    if case.area is not None:
        shell.run("area", "add", case.area)
    shell.run("label", "add", case.seed_file, "--polarity", "positive")
    shell.run("tile")
    truth = shapely.union_all(list(case.truth))
    shapely.prepare(truth)
    for _ in range(MOST_ITERATIONS):
        shell.run("train", "--wait")
        shell.run("infer", "--wait")
        _decide(shell, truth, row)
        said = shell.json("converge")
        row.iterations = said["iteration"]
        _score(shell, row)
        row.minutes = (time.monotonic() - began) / 60
        row.ended = "converged" if said["converged"] else "stopped"
        tell(f"{row.line}  {said['reason']}")
        if said["converged"]:
            return row
    return row


def _decide(shell: Shell, truth: BaseGeometry, row: Row) -> None:
    query = "SELECT candidate_id, lineage, relation, geom FROM candidates WHERE status = 'open'"
    verdicts = {}
    for one in shell.sql(query):
        outline = shapely.from_wkt(one["geom"])
        share = outline.intersection(truth).area / outline.area
        verdicts[one["candidate_id"]] = "accept" if share >= HALF else "reject"
        is_judged, is_known = one["lineage"] in ("partial", "grown"), one["relation"] != "new"
        row.again += is_judged and is_known
        row.beside += is_judged and not is_known
    row.decisions += len(verdicts)
    if verdicts:
        shell.decide(verdicts, shell.folder / "decisions.csv")


def _score(shell: Shell, row: Row) -> None:
    case, inventory = row.case, shell.sql("SELECT slump_id, origin, geom FROM inventory")
    outlines = [shapely.from_wkt(one["geom"]) for one in inventory]
    tree = shapely.STRtree(outlines)
    large = _large(case.truth)
    found = [n for n in large if _is_found(case.truth[n], outlines, tree)]
    row.recall = len(found) / len(large)
    row.new = len(set(found) - set(case.seeds))
    best = [_best(one, case.truth) for one in outlines]
    right = [number for number, share, _ in best if share >= HALF]
    row.fragments = len(right) / max(1, len(set(right)))
    mine = {
        one["slump_id"]: iou
        for (_, _, iou), one in zip(best, inventory, strict=True)
        if one["origin"] == "found"
    }
    row.iou.append(float(np.median(list(mine.values()))) if mine else 0.0)
    changes = [iou - row.kept[slump] for slump, iou in mine.items() if slump in row.kept]
    row.better += sum(one > 0 for one in changes)
    row.worse += sum(one < 0 for one in changes)
    row.kept = mine


def _is_found(one: BaseGeometry, outlines: Sequence[BaseGeometry], tree: shapely.STRtree) -> bool:
    near = tree.query(one).tolist()
    return any(outlines[n].intersection(one).area >= HALF * one.area for n in near)


def _best(one: BaseGeometry, truth: Sequence[BaseGeometry]) -> tuple[int, float, float]:
    """(number, share on truth, IoU) of the truth that an outline shares most with."""
    shared = shapely.area(shapely.intersection(np.array(truth, object), one))
    number = int(shared.argmax())
    iou = shared[number] / (truth[number].area + one.area - shared[number])
    return number, float(shared.sum() / one.area), float(iou)


def write_seeds(path: Path, raw: dict[str, Any], seeds: Sequence[int]) -> Path:
    """The features of a GeoJSON that are known."""
    path.write_text(json.dumps({**raw, "features": [raw["features"][n] for n in seeds]}))
    return path
