"""One value of a file that a person has edited: the rest of the file stays as it is."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.settings import Settings, settings_text
from rtsproj.settings.catalogue import hints
from rtsproj.settings.write import with_value

EDITED = """# ours
[project]
name = "a # b"   # the title

[ train ] # learning
steps = 200    # as in the paper
  patience = 3
reasons = [
  1, # one
  2,
]
[report]
distance_m = 500
"""


def lines_changed(old: str, new: str) -> list[str]:
    kept = old.split("\n")
    return [line for line in new.split("\n") if line not in kept]


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("train.steps", 60, "steps = 60    # as in the paper"),
        ("train.patience", 5, "  patience = 5"),
        ("project.name", "c", 'name = "c"   # the title'),
        ("train.reasons", [3], "reasons = [3]"),
        ("train.batch", 4, "batch = 4"),
        ("report.distance_m", 1.5, "distance_m = 1.5"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_one_line_changes_and_comments_stay(key: str, value: object, line: str, end: str) -> None:
    old = EDITED.replace("\n", end)
    new = with_value(old, key, value)
    assert [one.rstrip("\r") for one in lines_changed(old, new)] == [line]
    table, _, name = key.partition(".")
    meant = tomllib.loads(old)
    meant[table][name] = value
    assert tomllib.loads(new) == meant
    assert (end == "\r\n") == ("\r" in new)
    assert new.count("\r") in {0, new.count("\n")}


def test_a_missing_table_is_added() -> None:
    for old in ("", "[train]\nsteps = 3\n", "[train]\nsteps = 3"):
        new = with_value(old, "report.distance_m", 4.0)
        assert tomllib.loads(new) == {**tomllib.loads(old), "report": {"distance_m": 4.0}}


@given(st.sampled_from(sorted(hints())), st.text(st.characters(exclude_categories=("Cs",))))
def test_any_text_in_any_key_is_read_again(key: str, value: str) -> None:
    old = settings_text(Settings())
    table, _, name = key.partition(".")
    meant = tomllib.loads(old)
    meant[table][name] = value
    assert tomllib.loads(with_value(old, key, value)) == meant
