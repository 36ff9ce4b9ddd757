"""Scenes: georeferenced images with a date and a role, and the rule that orders them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import PurePath


class Role(StrEnum):
    """What a scene is for."""

    MAP = "map"
    """searched for slumps, source of training pixels."""
    HISTORY = "history"
    """evidence of earlier or later years; never searched."""


COLOURS = ("blue", "green", "red", "nir")
"""Band names with a fixed meaning; further bands are named by what their file calls them."""
ALPHA = "alpha"
"""Band name of a mask inside the file; never a feature."""


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """What reading a scene's pixels needs; goes into a job's request.

    Attributes:
        scene_id: id in the project.
        path: absolute path or URL of the raster; its pixels are never copied or changed.
        role: map or history.
        acquired: day of acquisition.
        bands: names in file order; ``alpha`` marks a mask band.
        dtype: uint8, uint16, int16 or float32.
        nodata: value without meaning, if the file declares one.
        mask_path: absolute path of a Planet UDM2 file beside the scene (band 1: clear), if any.
        clear_share: 0..1, clear pixels of the scene's valid ones.
        fingerprint: digest that notices a changed file.
    """

    scene_id: int
    path: str
    role: Role
    acquired: date
    bands: tuple[str, ...]
    dtype: str
    nodata: float | None
    mask_path: str | None
    clear_share: float
    fingerprint: str

    @property
    def year(self) -> int:
        """Calendar year of acquisition."""
        return self.acquired.year

    @property
    def name(self) -> str:
        """File name for screens and messages."""
        return PurePath(self.path).name


def reading_order(scenes: Iterable[SceneSpec]) -> tuple[SceneSpec, ...]:
    """Order in which overlapping scenes win, pixel by pixel: the first valid one is taken.

    Newest year first, then the clearest scene, then the newest date, then the lowest id. So within
    one year the clearest wins, and an older year only fills what the newest lacks.
    """
    return tuple(
        sorted(
            scenes,
            key=lambda s: (-s.year, -s.clear_share, -s.acquired.toordinal(), s.scene_id),
        )
    )
