"""Which scenes make one picture, so that every scene can be seen.

The searched picture is the mosaic that the model reads. All other scenes are grouped by year and
sensor; a scene that others of its group cover makes a picture of its own. Scenes of one acquisition
that only overlap at their edges stay together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely

from rtsproj.domain.scenes import Role, SceneSpec, reading_order

MOST_COVERED = 0.5
"""Share of a scene that better scenes of the same picture may cover (assumed: neighbouring images
of one acquisition overlap by less, a second acquisition by more)."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """Scenes that make one picture.

    Attributes:
        year: calendar year.
        scenes: in reading order.
        is_searched: True for the mosaic that the model reads.
        label: the year; with day and sensor where several pictures are of one year.
        sensor: its sensor where several pictures are of one year, else empty.
    """

    year: int
    scenes: tuple[SceneSpec, ...]
    is_searched: bool
    label: str
    sensor: str = ""

    @property
    def acquired(self) -> date:
        """Newest day of its scenes."""
        return max(one.acquired for one in self.scenes)


def epochs_of(
    specs: Sequence[SceneSpec], footprints: Mapping[int, bytes], sensors: Mapping[int, str]
) -> tuple[Epoch, ...]:
    """Group scenes into pictures, oldest first; every scene is in one of them.

    Args:
        specs: scenes in use, at least one with the role map.
        footprints: WKB by scene id, project CRS.
        sensors: by scene id; empty where it is not known.
    """
    mapped = reading_order(one for one in specs if one.role is Role.MAP)
    hidden = [one for layer in _layers(mapped, footprints)[1:] for one in layer]
    others: dict[tuple[int, str], list[SceneSpec]] = {}
    for one in reading_order([*hidden, *(one for one in specs if one.role is Role.HISTORY)]):
        others.setdefault((one.year, sensors[one.scene_id]), []).append(one)
    found = [_epoch(mapped, is_searched=True)]
    for group in others.values():
        found += [_epoch(layer, is_searched=False) for layer in _layers(group, footprints)]
    found.sort(key=lambda one: (one.year, one.acquired, one.is_searched, one.scenes[0].scene_id))
    return _labelled(found, sensors)


def _epoch(scenes: Iterable[SceneSpec], *, is_searched: bool) -> Epoch:
    group = tuple(scenes)
    return Epoch(max(one.year for one in group), group, is_searched, "")


def _layers(scenes: Sequence[SceneSpec], footprints: Mapping[int, bytes]) -> list[list[SceneSpec]]:
    """Put each scene into the first layer whose scenes leave at least half of it free."""
    feet = shapely.from_wkb([footprints[one.scene_id] for one in scenes])
    one, other = shapely.STRtree(feet).query(feet, predicate="intersects")
    shared = shapely.area(shapely.intersection(feet[one], feet[other]))
    most = MOST_COVERED * shapely.area(feet)
    layer_of = np.full(len(scenes), -1)
    layers: list[list[SceneSpec]] = []
    for number, scene in enumerate(scenes):
        met, by_m2 = other[one == number], shared[one == number]
        covered = [by_m2[layer_of[met] == layer].sum() for layer in range(len(layers))]
        free = [layer for layer, m2 in enumerate(covered) if m2 <= most[number]]
        layer_of[number] = free[0] if free else len(layers)
        if not free:
            layers.append([])
        layers[layer_of[number]].append(scene)
    return layers


def _labelled(found: Sequence[Epoch], sensors: Mapping[int, str]) -> tuple[Epoch, ...]:
    """Years name pictures; several of one year are named by day and sensor, then by scene."""
    years = [one.year for one in found]
    texts = [f"{one.acquired} {sensors[one.scenes[0].scene_id]}".strip() for one in found]
    named = []
    for one, text in zip(found, texts, strict=True):
        if years.count(one.year) == 1:
            named.append(Epoch(one.year, one.scenes, one.is_searched, f"{one.year}"))
            continue
        number = one.scenes[0].scene_id
        label = text if texts.count(text) == 1 else f"{text} #{number}"
        named.append(Epoch(one.year, one.scenes, one.is_searched, label, sensors[number]))
    return tuple(named)
