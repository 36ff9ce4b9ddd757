"""Checkpoints are whole or not there."""

from pathlib import Path

import pytest
import torch

from rtsproj.errors import RtsError
from rtsproj.learning.checkpoint import newest_checkpoint, save_checkpoint


def test_the_newest_of_two_kept_states_comes_back(tmp_path: Path) -> None:
    for step in range(4):
        save_checkpoint(tmp_path, f"1-{step:07}", {"step": step, "w": torch.ones(2) * step})
    assert sorted(one.name for one in tmp_path.glob("*.pt")) == ["1-0000002.pt", "1-0000003.pt"]
    assert len(list(tmp_path.iterdir())) == 4
    restored = newest_checkpoint(tmp_path)
    assert restored.state is not None
    assert restored.state["step"] == 3
    assert restored.refused == ()


@pytest.mark.parametrize("at", [0, 200, -1])
def test_a_flipped_bit_falls_back_to_the_state_before(tmp_path: Path, at: int) -> None:
    for step in (1, 2):
        path = save_checkpoint(tmp_path, f"1-{step:07}", {"step": step, "w": torch.ones(64)})
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    restored = newest_checkpoint(tmp_path)
    assert restored.state is not None
    assert restored.state["step"] == 1
    assert restored.refused == ("1-0000002.pt",)


def test_a_state_without_its_digest_is_not_trusted(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, "1-0000001", {"step": 1})
    path.with_suffix(".sha256").unlink()
    assert newest_checkpoint(tmp_path).state is None


def test_no_state_is_there_at_the_start(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path).state is None


def test_a_kill_while_writing_keeps_the_state_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(tmp_path, "1-0000001", {"step": 1})

    def torn(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", torn)
    with pytest.raises(RtsError, match="No space left"):
        save_checkpoint(tmp_path, "1-0000002", {"step": 2})
    restored = newest_checkpoint(tmp_path)
    assert restored.state is not None
    assert restored.state["step"] == 1
