"""Scene rows."""

import json
from dataclasses import replace
from typing import Any

from rtsproj.domain.scenes import Role, SceneSpec
from rtsproj.store.database import Connection, insert, next_id, rows, scalar

SPECS = """
SELECT scene_id, uri, role, acquired, bands, dtype, nodata, mask_uri, clear_share, fingerprint
FROM scenes ORDER BY scene_id
"""
FOOTPRINTS = "SELECT scene_id, ST_AsWKB(footprint) AS wkb FROM scenes ORDER BY scene_id"

WITHDRAW = """
UPDATE scene SET withdrawn_at = now() AT TIME ZONE 'UTC', withdrawn_by = ?
WHERE scene_id = ? AND withdrawn_at IS NULL
"""
ADDED = """
SELECT scene_id AS id, uri, role, added_at, added_by FROM scenes ORDER BY scene_id
"""

SENSORS = "SELECT scene_id, coalesce(sensor, '') AS sensor FROM scenes"
STATE = """
SELECT md5(concat_ws('|',
  (SELECT string_agg(concat_ws(' ', scene_id, uri, fingerprint), '|' ORDER BY scene_id)
   FROM scenes),
  (SELECT string_agg(uri, '|' ORDER BY source_id) FROM source
   WHERE role = 'terrain' AND withdrawn_at IS NULL),
  (SELECT value FROM project_fact WHERE key = 'scaling')))
"""


def add_scene(connection: Connection, spec: SceneSpec, facts: dict[str, Any]) -> int:
    """Insert a scene; returns its id.

    Args:
        connection: inside a transaction.
        spec: what reading needs.
        facts: the other columns: sensor, crs, gsd_m, width, height, size_bytes, mtime_ns,
            footprint (WKB, project CRS), added_by.
    """
    scene_id = next_id(connection, "scene", "scene_id")
    insert(
        connection,
        "scene",
        {
            "scene_id": scene_id,
            "uri": spec.path,
            "role": spec.role,
            "acquired": spec.acquired,
            "bands": json.dumps(spec.bands),
            "dtype": spec.dtype,
            "nodata": spec.nodata,
            "mask_uri": spec.mask_path,
            "clear_share": spec.clear_share,
            "fingerprint": spec.fingerprint,
            **facts,
        },
    )
    return scene_id


def scene_specs(connection: Connection, role: Role | None = None) -> tuple[SceneSpec, ...]:
    """Scenes that are in use, by id."""
    found = tuple(
        SceneSpec(
            scene_id=row["scene_id"],
            path=row["uri"],
            role=Role(row["role"]),
            acquired=row["acquired"],
            bands=tuple(json.loads(row["bands"])),
            dtype=row["dtype"],
            nodata=row["nodata"],
            mask_path=row["mask_uri"],
            clear_share=row["clear_share"],
            fingerprint=row["fingerprint"],
        )
        for row in rows(connection, SPECS)
    )
    return tuple(spec for spec in found if role is None or spec.role is role)


def footprints(connection: Connection) -> dict[int, bytes]:
    """Scene id -> footprint WKB in the project CRS."""
    return {row["scene_id"]: bytes(row["wkb"]) for row in rows(connection, FOOTPRINTS)}


def withdraw_scene(connection: Connection, scene_id: int, *, by: str) -> None:
    """Take a scene out of use; its row stays."""
    connection.execute(WITHDRAW, [by, scene_id])


def added_scenes(connection: Connection) -> list[dict[str, Any]]:
    """id, uri, role, added_at, added_by of the scenes in use, by id."""
    return rows(connection, ADDED)


def sensors(connection: Connection) -> dict[int, str]:
    """Scene id -> sensor; empty where it is not known."""
    return {row["scene_id"]: row["sensor"] for row in rows(connection, SENSORS)}


def picture_state(connection: Connection) -> str:
    """Digest of the images, terrain and scaling that pictures are read from."""
    return str(scalar(connection, STATE))


def relink(connection: Connection, spec: SceneSpec, path: str, mtime_ns: int) -> SceneSpec:
    """Point a scene to where its unchanged image lies now."""
    connection.execute(
        "UPDATE scene SET uri = ?, mtime_ns = ? WHERE scene_id = ?",
        [path, mtime_ns, spec.scene_id],
    )
    return replace(spec, path=path)
