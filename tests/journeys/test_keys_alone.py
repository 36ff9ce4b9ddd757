"""One iteration by keys alone, from home to the training of the next one, in tmux."""

from pathlib import Path

import pytest
from desk import make_project, search, square
from shell import Shell
from tmux import Tmux

SHAPES = [square(60, 80, 15), square(120, 120, 12), square(150, 30, 12)]
TINY = {
    "encoder": '"tu-test_efficientnet"',
    "weights": '"random"',
    "chip_px": 64,
    "batch": 4,
    "steps": 4000,
    "validate_every": 20,
    "checkpoint_every": 20,
    "buffer_m": 60.0,
}
REVIEW = [
    ("Enter", "score after"),
    ("y", "1/3 decided"),
    ("n", "reason:"),
    ("r", "saved #3"),
    ("m", "all decided"),
]
"""Keys, and what the screen says after each."""
CLOSE = [
    ("q", "enter: check the stop rule"),
    ("Enter", "enter closes it"),
    ("Enter", "iteration 2 is open"),
    ("q", "enter: train this iteration"),
]
TRAIN = [
    ("1", "it. 2 ▸ train"),
    ("Enter", "step "),
    ("x", "Stop job"),
    ("y", " paused"),
    ("Escape", "2    train"),
]


def walk(desk: Tmux, steps: list[tuple[str, str]]) -> None:
    for key, text in steps:
        desk.press(key)
        desk.wait_for(text)


@pytest.mark.soak
def test_an_iteration_is_driven_by_keys_alone(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    search(project, SHAPES)
    project.database.close()
    shell = Shell(project.folder)
    for key, value in TINY.items():
        shell.setting("train", key, value)
    with Tmux(project.folder, "--no-probe") as desk:
        desk.wait_for("enter: review 3 candidates")
        walk(desk, REVIEW)
        walk(desk, CLOSE)
        walk(desk, TRAIN)
    # THEN everything is on disk
    said = shell.sql("SELECT verdict, reason FROM decision ORDER BY decision_id")
    assert [(one["verdict"], one["reason"]) for one in said] == [
        ("accept", ""), ("reject", ""), ("reject", "river"), ("unsure", ""),
    ]  # fmt: skip
    [job] = [one for one in shell.json("job", "list") if one["iteration"] == 2]
    assert (job["verb"], job["status"]["state"]) == ("train", "paused")
