"""Settings that the project file leaves to the data, resolved when a job is made."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import shapely

from rtsproj.domain.derived import Sizes, derived, trim_share
from rtsproj.domain.labels import Polarity, TrainingLabel
from rtsproj.domain.requests import ImagerySource
from rtsproj.settings import Settings
from rtsproj.settings.catalogue import derived_keys


def from_data(
    given: Settings, labels: Sequence[TrainingLabel], source: ImagerySource
) -> tuple[Settings, str]:
    """Fill in what the settings leave to the data.

    Args:
        given: as in project.toml.
        labels: of the training.
        source: the images.

    Returns:
        Settings that leave nothing open, and what was filled in from what, in words; empty where
        the project file settles everything or there is no positive label.
    """
    positives = [one for one in labels if one.polarity is Polarity.POSITIVE]
    if not positives:
        return given, ""
    digitised = [one for one in positives if one.origin != "accepted"] or positives
    shapes, known = (
        shapely.from_wkb([one.wkb for one in labels]) for labels in (digitised, positives)
    )
    pixel_m, bounds = source.grid.pixel_m, shapely.bounds(shapes)
    lengths = (bounds[:, 2:] - bounds[:, :2]).max(axis=1) / pixel_m
    found = derived(
        Sizes(
            lengths=lengths.tolist(),
            areas=(shapely.area(shapes) / pixel_m**2).tolist(),
            known=len(positives),
            rows=source.extent.rows,
            cols=source.extent.cols,
            pixel_m=pixel_m,
            largest=float(shapely.area(known).max()) / pixel_m**2,
        ),
        per_step=max(1.0, given.train.batch * given.train.positive_share),
    )
    filled = as_recorded(given, found.values)
    share, trimmed = trim_share(filled.train.trim_share, known=len(positives))
    texts = (found.text if filled != given else "", trimmed)
    settled = replace(filled, train=replace(filled.train, trim_share=share))
    return settled, "; ".join(one for one in texts if one)


def as_recorded(given: Settings, values: Mapping[str, Any]) -> Settings:
    """Fill in what the settings leave to the data from ``table.key`` -> value."""
    tables: dict[str, dict[str, Any]] = {}
    for key in derived_keys():
        table, _, name = key.partition(".")
        if not getattr(getattr(given, table), name) and key in values:
            tables.setdefault(table, {})[name] = values[key]
    filled = {table: replace(getattr(given, table), **found) for table, found in tables.items()}
    return replace(given, **filled)
