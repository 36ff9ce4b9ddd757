"""Model files carry what the search must know, and are verified."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from rtsproj.domain.requests import Scaling
from rtsproj.errors import DamagedError
from rtsproj.jobs.files import sha256_of
from rtsproj.learning.model_file import ModelInfo, load_model, read_info, save_model
from rtsproj.learning.network import NetworkSpec, build_network

INFO = ModelInfo(
    spec=NetworkSpec("Unet", "resnet18", 16, ("red", "nir")),
    scaling=Scaling((0.0, 1.5), (200.0, 3000.0)),
    pixel_m=3.0,
    margin_px=64,
    training_sha256="a" * 64,
    weights_origin="random",
    weights_sha256="",
    device="CPU",
    torch_version="2",
)


def test_a_model_comes_back_with_its_header_and_the_same_answers(tmp_path: Path) -> None:
    network = build_network(INFO.spec).eval()
    digest = save_model(tmp_path / "m.safetensors", network.state_dict(), INFO)
    assert digest == save_model(tmp_path / "n.safetensors", network.state_dict(), INFO)
    again, info = load_model(tmp_path / "m.safetensors", digest)
    assert info == read_info(tmp_path / "m.safetensors") == INFO
    x = torch.rand(1, 2, 64, 64)
    with torch.inference_mode():
        assert torch.equal(network(x), again(x))


def test_a_changed_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    digest = save_model(path, build_network(INFO.spec).state_dict(), INFO)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedError, match="does not match its recorded sha256"):
        load_model(path, digest)


def test_a_file_of_another_kind_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_file({"a": torch.ones(1)}, path)
    with pytest.raises(DamagedError, match="is no model of rtsproj"):
        load_model(path, sha256_of(path))
    (tmp_path / "x").write_bytes(b"odd")
    with pytest.raises(DamagedError, match="is no model of rtsproj"):
        read_info(tmp_path / "x")


def test_weights_of_another_network_are_no_model(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    digest = save_model(path, {"a": torch.ones(1)}, INFO)
    with pytest.raises(DamagedError, match="is no model of rtsproj"):
        load_model(path, digest)
