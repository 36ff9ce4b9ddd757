"""Two processes take turns; who waits too long is told who holds the project."""

import errno
import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest
import shapely

from rtsproj.errors import NeedsError, ProjectBusyError, RtsError, UsageError
from rtsproj.store import migrations, sources
from rtsproj.store.database import Database, rows, scalar
from rtsproj.store.guest import guest, run_query
from rtsproj.workflow.create import init_project, migrate_project
from rtsproj.workflow.project import Project, find_project, open_project

HOLDER = """
import sys, time
from pathlib import Path
from rtsproj.store.database import Database
with Database(Path(sys.argv[1])).writing("a long look"):
    print("held", flush=True)
    time.sleep(30)
"""


def test_a_second_writer_is_told_who_holds_the_project(project: Project) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(project.folder)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    waiting = Database(project.folder, wait_s=0.2)
    with (
        pytest.raises(ProjectBusyError, match=rf"pid {holder.pid} \(a long look\)") as caught,
        waiting.writing("too"),
    ):
        pass
    assert caught.value.exit_code == 3
    holder.kill()
    holder.communicate()
    # the lock dies with its holder
    with waiting.writing("after") as connection:
        assert scalar(connection, "SELECT 1") == 1


def test_a_disk_without_locks_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    other = Database(project.folder, wait_s=0.2)
    with (
        pytest.raises(UsageError, match="cannot be locked: No locks available"),
        other.writing("x"),
    ):
        pass


def test_an_exception_rolls_the_transaction_back(project: Project) -> None:
    def fail() -> None:
        with project.database.writing("x") as connection:
            connection.execute("INSERT INTO project_fact VALUES ('k', 'v')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with project.database.reading() as connection:
        assert scalar(connection, "SELECT count(*) FROM project_fact WHERE key = 'k'") == 0


def add_fact(database: Database, key: str) -> None:
    with database.writing("a fact") as connection:
        connection.execute("INSERT INTO project_fact VALUES (?, 'logged')", [key])


def test_a_short_log_beside_the_file_is_seen_by_all_and_folded_in_time(project: Project) -> None:
    database = project.database
    count = "SELECT count(*) FROM project_fact WHERE value = 'logged'"
    assert not database.log_path.exists()
    database.log_bytes = 300
    # WHEN one row is written THEN it lies in the log, and every reader sees it
    add_fact(database, "a")
    assert database.log_path.exists()
    with Database(project.folder).reading() as connection:
        assert scalar(connection, count) == 1
    with guest(database) as connection:
        assert run_query(connection, count, limit=None)[1] == [(1,)]
    # WHEN the log has grown THEN a write folds it in
    for number in range(20):
        add_fact(database, f"b{number}")
        assert not database.log_path.exists() or database.log_path.stat().st_size < 1000
    # WHEN a copy is made THEN the file is whole
    with database.folded("a copy"):
        assert not database.log_path.exists()
    add_fact(database, "c")
    backup = migrations.back_up(database, "test")
    assert not database.log_path.exists()
    with duckdb.connect() as plain:
        plain.execute(f"ATTACH '{backup}' AS copy (READ_ONLY)")
        plain.execute("USE copy")
        assert plain.execute(count).fetchone() == (22,)


def test_a_write_of_another_process_folds_a_log_that_was_left(project: Project) -> None:
    project.database.log_bytes = 1000
    add_fact(project.database, "a")
    project.database.close()
    other = Database(project.folder)
    add_fact(other, "b")
    assert not other.log_path.exists()
    with other.reading() as connection:
        assert scalar(connection, "SELECT count(*) FROM project_fact WHERE value = 'logged'") == 2


def test_readers_and_writers_of_many_threads_and_instances_take_turns(project: Project) -> None:
    def add(number: int) -> None:
        database = Database(project.folder)
        for turn in range(4):
            with database.writing("count") as connection:
                connection.execute(
                    "INSERT INTO project_fact VALUES (?, 'x')", [f"n{number}-{turn}"]
                )
        database.close()

    threads = [threading.Thread(target=add, args=(n,)) for n in range(1)]
    for thread in threads:
        thread.start()
    for _ in range(4):
        with project.database.reading() as connection:
            rows(connection, "FROM iterations")
    for thread in threads:
        thread.join()
    with project.database.reading() as connection:
        assert scalar(connection, "SELECT count(*) FROM project_fact WHERE value = 'x'") == 4


def test_geometry_columns_keep_the_crs_and_no_client_needs_an_extension(project: Project) -> None:
    with guest(project.database) as connection:
        types = rows(
            connection, "SELECT data_type FROM duckdb_columns() WHERE column_name = 'geom'"
        )
    assert {row["data_type"] for row in types} >= {"GEOMETRY('EPSG:32646')"}
    copy = project.folder / "copy.duckdb"
    with project.database.folded("a copy"):
        pass
    copy.write_bytes(project.database.path.read_bytes())
    with duckdb.connect() as plain:
        plain.execute(f"ATTACH '{copy}' AS anything (READ_ONLY)")
        plain.execute("USE anything")
        for view in migrations_views(plain):
            plain.execute(f"FROM {view}").fetchall()
        plain.execute("FROM near_infrastructure(500)").fetchall()


def migrations_views(connection: duckdb.DuckDBPyConnection) -> list[str]:
    query = "SELECT view_name FROM duckdb_views() WHERE NOT internal"
    names = [name for (name,) in connection.execute(query).fetchall()]
    assert {"inventory", "proximity", "candidates", "iterations", "decisions"} <= set(names)
    return names


DENIED = [
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM ST_Read('/etc/hosts')",
    "COPY (SELECT 1) TO '/tmp/rtsproj-denied.csv'",
    "ATTACH '/tmp/rtsproj-denied.duckdb'",
    "INSTALL httpfs",
    "LOAD '/tmp/x'",
    "INSERT INTO project_fact VALUES ('a', 'b')",
    "DROP TABLE decision",
    "CREATE MACRO project.main.m() AS 1",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "EXPORT DATABASE '/tmp/rtsproj-denied'",
    "SELECT 1; DROP TABLE decision",
]


@pytest.mark.parametrize("text", DENIED)
def test_a_guest_can_neither_write_nor_leave_the_snapshot(project: Project, text: str) -> None:
    with guest(project.database) as connection, pytest.raises(UsageError):
        run_query(connection, text, limit=10)


def test_migrations_run_once_and_refuse_edited_or_newer_ones(project: Project) -> None:
    assert migrate_project(project.folder) == ()
    shipped = list(migrations.shipped_migrations())
    number = len(shipped) + 1
    name = f"{number:04}_more.sql"
    more = migrations.Migration(number, name, "CREATE TABLE more (a INTEGER)")
    assert migrations.migrate(project.database, crs="EPSG:32646", shipped=[*shipped, more]) == (
        name,
    )
    assert list((project.folder / "backups").glob(f"*before-{number:04}.duckdb"))
    edited = [migrations.Migration(1, shipped[0].name, shipped[0].text + " "), *shipped[1:]]
    with pytest.raises(RtsError, match="was changed after it was applied"):
        migrations.migrate(project.database, crs="EPSG:32646", shipped=[*edited, more])
    before = project.database.path.read_bytes()
    with pytest.raises(UsageError, match=f"has schema {number}, this rtsproj"):
        open_project(project.folder)
    assert project.database.path.read_bytes() == before


def test_lines_of_an_older_project_stay_and_new_kinds_are_accepted(tmp_path: Path) -> None:
    shipped, crs = migrations.shipped_migrations(), "EPSG:32646"
    older = Database(tmp_path)
    migrations.migrate(older, crs=crs, shipped=shipped[:8])
    with older.writing("lines") as connection:
        source = {"role": "line", "uri": "x", "sha256": "0", "features": 1, "added_by": "ann"}
        source_id = sources.add_source(connection, source)
        wkb = shapely.to_wkb(shapely.LineString([(0, 0), (3, 4)]))
        line = {"line_class": "trunk", "line_name": "G109", "geom": wkb}
        sources.add_lines(connection, source_id, "road", [line])
        before = rows(connection, "SELECT * EXCLUDE (geom), ST_AsWKB(geom) AS wkb FROM lines")
    assert migrations.migrate(older, crs=crs) == tuple(one.name for one in shipped[8:])
    with older.writing("points") as connection:
        after = rows(connection, "SELECT * EXCLUDE (geom), ST_AsWKB(geom) AS wkb FROM lines")
        point = {**line, "geom": shapely.to_wkb(shapely.Point(1, 2))}
        sources.add_lines(connection, source_id, "station", [point])
        ids = rows(connection, "SELECT line_id, kind FROM lines ORDER BY line_id")
    assert after == before
    assert [tuple(one.values()) for one in ids] == [(1, "road"), (2, "station")]


def test_a_migration_that_fails_leaves_nothing(project: Project) -> None:
    shipped = list(migrations.shipped_migrations())
    text = "CREATE TABLE half (a INTEGER); INSERT INTO half SELECT 1/0::INTEGER FROM nothing;"
    bad = migrations.Migration(len(shipped) + 1, "0004_bad.sql", text)
    with pytest.raises(RtsError):
        migrations.migrate(project.database, crs="EPSG:32646", shipped=[*shipped, bad])
    with project.database.reading() as connection:
        assert migrations.schema_version(connection) == len(shipped)
        query = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'half'"
        assert scalar(connection, query) == 0


def test_init_makes_a_whole_project_or_none(tmp_path: Path) -> None:
    project = init_project(tmp_path / "p", title="a [b] 'c' \u202e d")
    assert find_project(project.folder / "jobs") == project.folder
    assert open_project(project.folder).settings.project.name == "a [b] 'c' \u202e d"
    with pytest.raises(UsageError, match="holds a project already"):
        init_project(tmp_path / "p")
    with pytest.raises(UsageError, match="not a projected CRS"):
        init_project(tmp_path / "q", crs="EPSG:4326")
    assert not (tmp_path / "q").exists()
    with pytest.raises(NeedsError, match="no project in"):
        find_project(tmp_path)
