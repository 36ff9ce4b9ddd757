"""Facts of the project: key and text, set once."""

from collections.abc import Sequence

from rtsproj.store.database import Connection, scalar


def read_fact(connection: Connection, key: str) -> str | None:
    """A fact's text; None where it is not settled yet."""
    found = scalar(connection, "SELECT value FROM project_fact WHERE key = ?", [key])
    return None if found is None else str(found)


def read_facts(connection: Connection) -> dict[str, str]:
    """All facts."""
    return dict(connection.execute("SELECT key, value FROM project_fact").fetchall())


def settle_fact(connection: Connection, key: str, value: str) -> None:
    """Set a fact that has no value yet; a settled one stays as it is."""
    connection.execute(
        "INSERT INTO project_fact SELECT ?, ? WHERE NOT EXISTS "
        "(SELECT 1 FROM project_fact WHERE key = ?)",
        [key, value, key],
    )


def forget_facts(connection: Connection, keys: Sequence[str]) -> None:
    """Drop facts that nothing depends on any more, so that they can be settled anew."""
    connection.execute("DELETE FROM project_fact WHERE key IN (SELECT unnest(?))", [list(keys)])
