"""Rows of the labels that a file gives, as columns: many thousands are inserted at once.

Why columns: one INSERT for each label took 3.6 ms of processor time, 50,000 of them 180 s.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from rtsproj.domain.attributes import DATE_FIELDS, NAME_FIELDS, UID_FIELDS, first_value
from rtsproj.domain.labels import Polarity
from rtsproj.geometry.measures import shape_columns
from rtsproj.store import facts, iterations, labels, outlines
from rtsproj.store.bulk import constant_columns, hexadecimal
from rtsproj.store.database import Connection

Attributes = Mapping[str, Any]
_FIELDS = {"source_uid": UID_FIELDS, "source_date": DATE_FIELDS, "source_name": NAME_FIELDS}


@dataclass(frozen=True, slots=True)
class GivenLabels:
    """Labels of one file.

    Attributes:
        geoms: polygons in the project CRS.
        attributes: fields of each in the file.
        polarity: positive or negative.
        source_id: row of the file.
        by: who adds them.
        reason: ``EXHAUSTIVE`` of an area that is labelled all over; else empty.
    """

    geoms: npt.NDArray[np.object_]
    attributes: Sequence[Attributes]
    polarity: Polarity
    source_id: int
    by: str
    reason: str = ""


def insert_labels(connection: Connection, given: GivenLabels) -> float:
    """Insert labels, positives with a seed slump each; returns their geodesic area in m2."""
    crs = facts.read_fact(connection, "crs") or ""
    latest = iterations.latest_iteration(connection)
    is_positive = given.polarity is Polarity.POSITIVE
    geom = hexadecimal(shapely.to_wkb(given.geoms))
    shapes = {**shape_columns(given.geoms, crs), "geom": geom}
    row = {
        "area_m2": shapes["area_m2"],
        "geom": geom,
        **_attribute_columns(given.attributes),
        **constant_columns(
            len(geom),
            source_id=given.source_id,
            polarity=given.polarity.value,
            origin="seed" if is_positive else "given",
            reason=given.reason,
            from_iteration=latest["iteration"] if latest else 1,
            added_by=given.by,
        ),
    }
    if is_positive:
        row["slump_id"], row["outline_id"] = outlines.add_seeds(
            connection, shapes, analyst=given.by
        )
    labels.add_given_labels(connection, row)
    return float(shapes["area_m2"].sum())


def _attribute_columns(attributes: Sequence[Attributes]) -> dict[str, npt.NDArray[np.object_]]:
    columns = {
        name: np.array([first_value(one, fields) or "" for one in attributes], dtype=object)
        for name, fields in _FIELDS.items()
    }
    texts = [json.dumps(one, default=str, ensure_ascii=False) for one in attributes]
    return {**columns, "attributes": np.array(texts, dtype=object)}
