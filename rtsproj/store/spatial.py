"""Load DuckDB's spatial extension from the pinned wheel: offline, and nothing is written."""

from importlib.util import find_spec
from pathlib import Path

import duckdb

from rtsproj.errors import RtsError


def load_spatial(connection: duckdb.DuckDBPyConnection) -> None:
    """LOAD spatial by full path and make every axis order x, y.

    Raises:
        RtsError: the extension's wheel does not belong to this DuckDB.
    """
    path = _extension()
    if path is None:
        raise RtsError(
            f"no spatial extension for duckdb {duckdb.__version__}",
            hint=f"pip install duckdb-extension-spatial=={duckdb.__version__}",
        )
    connection.execute(f"LOAD '{str(path).replace(chr(39), chr(39) * 2)}'")
    connection.execute("SET geometry_always_xy=true")


def _extension() -> Path | None:
    spec = find_spec("duckdb_extension_spatial")
    for folder in spec.submodule_search_locations or () if spec else ():
        path = Path(folder) / "extensions" / f"v{duckdb.__version__}" / "spatial.duckdb_extension"
        if path.is_file():
            return path
    return None
