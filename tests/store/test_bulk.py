"""Columns come back as they went in; a spool that cannot be written says where."""

import shutil

import numpy as np
import pytest
import shapely

from rtsproj.errors import RtsError
from rtsproj.store.bulk import BLOCK, Spool, hexadecimal, insert_columns, read_shapes
from rtsproj.store.database import new_instance

TYPES = {"number": "BIGINT", "share": "DOUBLE", "word": "VARCHAR", "geom": "GEOMETRY"}


def columns(count: int) -> dict[str, np.ndarray]:
    points = shapely.points(np.arange(count), 7.25)
    return {
        "number": np.arange(count),
        "share": np.linspace(0, 1, count),
        "word": np.array([f"'{n}" for n in range(count)], dtype=object),
        "geom": hexadecimal(shapely.to_wkb(points)),
    }


@pytest.mark.parametrize("count", [0, 1, BLOCK + 1])
def test_columns_come_back(count: int) -> None:
    connection = new_instance()
    connection.execute("CREATE TABLE t (number BIGINT, share DOUBLE, word VARCHAR, geom GEOMETRY)")
    insert_columns(connection, "t", TYPES, columns(count))
    (numbers, twice), shapes = read_shapes(
        connection, "SELECT number, 2 * number, ST_AsWKB(geom) FROM t ORDER BY number"
    )
    assert numbers.tolist() == list(range(count))
    assert (twice == 2 * numbers).all()
    assert shapely.get_x(shapes).tolist() == numbers.tolist()
    found = connection.execute("SELECT word, share FROM t ORDER BY number").fetchall()
    given = columns(count)
    assert found == list(zip(given["word"].tolist(), given["share"].tolist(), strict=True))


def test_a_spool_gives_back_all_blocks_and_none() -> None:
    connection = new_instance()
    with Spool() as spool:
        spool.add("t", TYPES, columns(0))
        assert connection.execute(f"FROM {spool.scan('t')}").fetchall() == []
        spool.add("t", TYPES, columns(2))
        spool.add("t", TYPES, columns(1))
        found = connection.execute(f"FROM {spool.scan('t')}").fetchall()
    point = shapely.to_wkb(shapely.Point(0, 7.25))
    assert [row[:3] for row in found] == [(0, 0.0, "'0"), (1, 1.0, "'1"), (0, 0.0, "'0")]
    assert found[0][3] == point


def test_a_spool_that_cannot_be_written_says_where() -> None:
    with Spool() as spool:
        spool.add("t", TYPES, columns(1))
        path = spool.scan("t").split("'")[1]
        shutil.rmtree(path.rpartition("/")[0])
        with pytest.raises(RtsError, match=r"t-1\.parquet was not written") as caught:
            spool.add("t", TYPES, columns(1))
    assert "TMPDIR" in caught.value.hint
