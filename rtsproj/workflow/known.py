"""What a project knows already, and how outlines compare with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from rtsproj.domain.candidates import Lineage
from rtsproj.geometry.distances import LineIndex
from rtsproj.geometry.lineage import (
    LineageColumns,
    PlaceIndex,
    SlumpIndex,
    SlumpOverlaps,
    relations,
    with_joins,
)
from rtsproj.geometry.matching import Floats, Geometries
from rtsproj.geometry.measures import measure_all
from rtsproj.settings import LineageSettings
from rtsproj.store import candidates, facts, outlines, sources
from rtsproj.store.database import Connection
from rtsproj.workflow.distances import line_index


@dataclass(frozen=True, slots=True)
class Known:
    """What outlines are measured against, as the project held it when the work began.

    Attributes:
        crs: project CRS.
        pixel_m: m.
        settings: of the re-raise rule.
        places: all that has a word that stands.
        slumps: the inventory.
        lines: source_id -> (kind, lines) of the line files in use.
    """

    crs: str
    pixel_m: float
    settings: LineageSettings
    places: PlaceIndex
    slumps: SlumpIndex
    lines: Mapping[int, tuple[str, LineIndex]]


def read_known(connection: Connection, settings: LineageSettings) -> Known:
    """Read what outlines of a search are measured against."""
    crs = facts.read_fact(connection, "crs") or ""
    lines = {
        line["source_id"]: (line["kind"], line_index(connection, line["source_id"], crs))
        for line in sources.line_sources(connection)
    }
    return replace(read_judged(connection, settings), lines=lines)


def read_judged(connection: Connection, settings: LineageSettings) -> Known:
    """The same without lines: for outlines whose distances are measured already."""
    values = facts.read_facts(connection)
    (candidate_ids, judged), judged_geoms = candidates.judged_places(connection)
    (slump_ids, is_digitised), slump_geoms = outlines.slump_shapes(connection)
    return Known(
        crs=values["crs"],
        pixel_m=float(values["pixel_m"]),
        settings=settings,
        places=PlaceIndex(candidate_ids, judged, judged_geoms),
        slumps=SlumpIndex(slump_ids, is_digitised, slump_geoms),
        lines={},
    )


def compare_again(connection: Connection, slump_ids: Sequence[int], known: Known) -> int:
    """Compare undecided candidates of the open iteration anew with what the project knows.

    Args:
        connection: inside a transaction.
        slump_ids: slumps that are gone; the candidates that were matched with them are compared.
        known: what is left, from ``read_judged``.

    Returns:
        Candidates that wait for a decision now and did not before.
    """
    (ids, before), geoms = candidates.undecided_matches(connection, slump_ids)
    if not len(ids):
        return 0
    overlaps = known.slumps.overlaps(geoms)
    match = match_outlines(geoms, known, overlaps)
    relation, relation_slump = relations(len(ids), (overlaps.number, overlaps.slump_id))
    columns = lineage_columns(
        match, measure_all(geoms, known.crs).area_m2 / shapely.area(geoms)
    ) | {
        "relation": relation,
        "relation_slump": relation_slump,
    }
    candidates.set_matches(connection, ids, columns)
    return int(((before == 1) & (columns["lineage"] != Lineage.SAME.value)).sum())


def match_outlines(geoms: Geometries, known: Known, overlaps: SlumpOverlaps) -> LineageColumns:
    """Compare outlines with judged places; an outline that joins slumps is reviewed once."""
    match = known.places.classify(geoms, pixel_m=known.pixel_m, settings=known.settings)
    if not known.settings.joins:
        return match
    asks = overlaps.joins & ~known.places.not_accepted(geoms, iou=known.settings.iou)
    return with_joins(match, asks)


def lineage_columns(match: LineageColumns, scale: Floats) -> dict[str, npt.NDArray[Any]]:
    """Columns of the lineage; ``scale`` is geodesic area by planar area, one per outline."""
    is_seed = (match.of == 0) & (match.case != Lineage.FRESH.value)
    return {
        "lineage": match.case,
        "lineage_of": match.of,
        "lineage_slump": np.where(is_seed, match.slump_id, 0),
        "lineage_iou": match.iou,
        "growth_m2": match.growth_m2 * scale,
    }
