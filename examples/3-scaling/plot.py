"""Plot how the desk's work grows with the number of rows, from the figures of its benchmark.

    RTSPROJ_BENCH_JSON=desk.json .venv/bin/pytest -m bench tests/benchmarks/test_desk.py -s
    .venv/bin/python examples/3-scaling/plot.py desk.json scaling.png

Both axes are logarithmic: work that grows linearly runs along the grey lines.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt


def read_series(path: Path) -> dict[str, list[tuple[int, float]]]:
    """(rows, seconds) of each kind of work that was measured at several sizes."""
    series: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for key, value in json.loads(path.read_text(encoding="utf-8")).items():
        name, _, rows = key.rpartition(", ")
        if isinstance(value, dict) and rows.endswith(" rows"):
            series[name].append((int(rows.split()[0]), float(value["seconds"])))
    return {name: sorted(points) for name, points in series.items() if len(points) > 1}


def plot(series: dict[str, list[tuple[int, float]]], target: Path) -> None:
    """Draw one line per kind of work."""
    figure, axes = plt.subplots(figsize=(9, 7), layout="constrained")
    low = min(rows for points in series.values() for rows, _ in points)
    high = max(rows for points in series.values() for rows, _ in points)
    for start in (0.001, 0.01, 0.1, 1.0, 10.0):
        axes.plot([low, high], [start, start * high / low], color="0.85", linewidth=1, zorder=0)
    for name, points in sorted(series.items(), key=lambda one: -one[1][-1][1]):
        axes.plot(*zip(*points, strict=True), marker="o", markersize=4, label=name)
    axes.set(xscale="log", yscale="log", xlabel="rows", ylabel="seconds")
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    found = read_series(Path(sys.argv[1]))
    if not found:
        print(f"{sys.argv[1]} holds no work that was measured at two sizes")
        raise SystemExit(2)
    plot(found, Path(sys.argv[2]))
    print(f"{len(found)} lines in {sys.argv[2]}")
