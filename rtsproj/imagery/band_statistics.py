"""Figures of each band, so that a person can tell what a band of an unknown file is."""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from rtsproj.domain.places import ImageUrl, Place
from rtsproj.imagery.names import guess_bands
from rtsproj.imagery.safety import Dataset, checked_path, open_raster

LOOK_PX = 512
"""px; longest side of the thinned image that is measured."""


@dataclass(frozen=True, slots=True)
class BandStatistics:
    """One band of a file, from a thinned image.

    Attributes:
        number: from 1, in file order.
        description: of the file; empty where it has none.
        least: smallest valid value; None where no pixel is valid, as for the next two.
        mean: mean of the valid values.
        most: largest valid value.
        valid_share: 0..1; finite and not nodata.
    """

    number: int
    description: str
    least: float | None
    mean: float | None
    most: float | None
    valid_share: float


def band_statistics(dataset: Dataset) -> tuple[BandStatistics, ...]:
    """Least, mean and largest value and the valid share of every band."""
    shape = (min(LOOK_PX, dataset.height), min(LOOK_PX, dataset.width))
    return tuple(_of(dataset, number, shape) for number in range(1, dataset.count + 1))


def read_bands(place: Place) -> tuple[tuple[str, ...] | None, tuple[BandStatistics, ...]]:
    """Names of a file's bands, None where nothing tells them, and the figures of each.

    Raises:
        UsageError: the file cannot be opened.
    """
    absolute = place if isinstance(place, ImageUrl) else checked_path(place)
    with open_raster(absolute) as dataset:
        colours = tuple(one.name for one in dataset.colorinterp)
        names = guess_bands(absolute.name, tuple(dataset.descriptions), colours)
        return names, band_statistics(dataset)


def statistics_line(one: BandStatistics) -> str:
    """The figures of a band, for people."""
    name = f" ({one.description})" if one.description else ""
    share = f"valid {100 * one.valid_share:.1f} %"
    if one.mean is None:
        return f"band {one.number}{name}: {share}"
    return (
        f"band {one.number}{name}: min {one.least:.5g}, mean {one.mean:.5g}, "
        f"max {one.most:.5g}, {share}"
    )


def _of(dataset: Dataset, number: int, shape: tuple[int, int]) -> BandStatistics:
    values = dataset.read(number, out_shape=shape, out_dtype="float32")
    valid = np.isfinite(values)
    nodata = dataset.nodata
    if nodata is not None and isfinite(nodata):
        valid &= values != np.float32(nodata)
    description = dataset.descriptions[number - 1] or ""
    if not valid.any():
        return BandStatistics(number, description, None, None, None, 0.0)
    seen = values[valid].astype(np.float64)
    figures = (float(seen.min()), float(seen.mean()), float(seen.max()))
    return BandStatistics(number, description, *figures, float(valid.mean()))
