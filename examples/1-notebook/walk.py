"""Drive the method from Python, as a notebook would: the same functions as the command line.

    python examples/1-notebook/walk.py DIR IMAGE SEEDS.geojson

makes a project in DIR, takes in one image and the known slumps, lays the tiles, prints where the
project stands, and asks it in SQL.
"""

import sys
from datetime import date
from pathlib import Path

from rtsproj.domain.labels import Polarity
from rtsproj.workflow.create import init_project
from rtsproj.workflow.scenes import SceneChoice, add_scenes
from rtsproj.workflow.sources import VectorChoice, add_labels
from rtsproj.workflow.sql import query
from rtsproj.workflow.status import status
from rtsproj.workflow.tiles import lay_tiles


def walk(folder: Path, image: Path, seeds: Path) -> None:
    """Set a project up and ask it two questions."""
    project = init_project(folder, title="from a notebook")
    add_scenes(project, [image], SceneChoice(acquired=date(2019, 7, 15)), by="me")
    add_labels(project, seeds, VectorChoice(), polarity=Polarity.POSITIVE, by="me")
    tiling = lay_tiles(project)
    print(f"{tiling.tiles} tiles, {tiling.valid_km2:.2f} km2 of valid pixels")
    now = status(project)
    print(f"stage {now.stage}, next: {now.next_step}")
    found = query(project, "SELECT name, round(area_m2) AS area_m2 FROM inventory ORDER BY name")
    for row in found.rows:
        print(*row)


if __name__ == "__main__":
    walk(*map(Path, sys.argv[1:4]))
