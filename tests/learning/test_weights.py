"""Encoder weights land where they belong, and the report says what did not."""

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from rtsproj.errors import UsageError
from rtsproj.jobs.files import sha256_of
from rtsproj.jobs.weights import resolve_weights
from rtsproj.learning.network import NetworkSpec, build_network
from rtsproj.learning.weights import WeightsChoice, adapted_kernel, load_encoder, read_state

LITE0 = "tu-tf_efficientnet_lite0"
BLOCKS = ((1, 3, 1), (2, 3, 2), (2, 5, 2), (3, 3, 2), (3, 5, 1), (4, 5, 2), (1, 3, 1))
"""Repeats, kernel and stride of the stages of EfficientNet-lite0."""


def spec(*bands: str, encoder: str = LITE0, architecture: str = "Unet") -> NetworkSpec:
    return NetworkSpec(architecture, encoder, 16, bands)


def package() -> WeightsChoice:
    found = resolve_weights("package:lite0")
    return WeightsChoice(found.origin, found.path, found.sha256)


def reference(state: dict[str, torch.Tensor], x: torch.Tensor) -> dict[int, torch.Tensor]:
    """EfficientNet-lite0 by the package's own names, written with plain functions.

    Returns the deepest output at each stride.
    """

    def convolved(name: str, x: torch.Tensor, *, stride: int = 1, groups: int = 1) -> torch.Tensor:
        kernel = state[f"{name}.weight"]
        side = kernel.shape[-1]
        pad = max((math.ceil(x.shape[-1] / stride) - 1) * stride + side - x.shape[-1], 0)
        x = functional.pad(x, (pad // 2, pad - pad // 2, pad // 2, pad - pad // 2))
        return functional.conv2d(x, kernel, stride=stride, groups=groups)

    def normed(name: str, x: torch.Tensor) -> torch.Tensor:
        parts = [state[f"{name}.{p}"] for p in ("running_mean", "running_var", "weight", "bias")]
        return functional.batch_norm(x, *parts, eps=1e-3)

    x = functional.relu6(normed("_bn0", convolved("_conv_stem", x, stride=2)))
    found, stride_all, n = {}, 2, 0
    for repeats, _, first_stride in BLOCKS:
        for repeat in range(repeats):
            name, stride, given = f"_blocks.{n}", first_stride if repeat == 0 else 1, x
            if f"{name}._expand_conv.weight" in state:
                x = functional.relu6(normed(f"{name}._bn0", convolved(f"{name}._expand_conv", x)))
            deep = convolved(f"{name}._depthwise_conv", x, stride=stride, groups=x.shape[1])
            x = functional.relu6(normed(f"{name}._bn1", deep))
            x = normed(f"{name}._bn2", convolved(f"{name}._project_conv", x))
            x = x + given if x.shape == given.shape else x
            stride_all, n = stride_all * stride, n + 1
            found[stride_all] = x
    return found


def test_package_weights_give_the_features_of_the_package_s_own_network() -> None:
    network = build_network(spec("red", "green", "blue")).eval()
    report = load_encoder(network, spec("red", "green", "blue"), package())
    torch.manual_seed(3)
    x = torch.rand(1, 3, 96, 96) * 2 - 1
    with torch.inference_mode():
        ours = {96 // f.shape[-1]: f for f in network.get_submodule("encoder")(x)}
        theirs = reference(read_state(Path(package().path)), x)
    for stride in (4, 8, 16, 32):
        scale = float(theirs[stride].abs().max())
        assert torch.allclose(ours[stride], theirs[stride], atol=1e-4 * scale), stride
    assert (report.how, report.matched, report.missing) == ("position", 288, ())
    assert set(report.unexpected) >= {"_fc.weight", "_conv_head.weight"}


def test_bands_take_the_kernel_of_their_colour_and_others_the_mean() -> None:
    kernel = torch.randn(5, 3, 3, 3)
    made, notes = adapted_kernel(kernel, ("blue", "green", "red", "nir"))
    expected = torch.cat([kernel.flip(1), kernel.mean(1, keepdim=True)], 1) * 3 / 4
    assert torch.allclose(made, expected)
    assert notes[3] == "nir <- mean of red, green, blue"


def test_four_band_weights_are_loaded_onto_a_dilated_encoder() -> None:
    bands = ("blue", "green", "red", "nir")
    what = spec(*bands, architecture="DeepLabV3Plus")
    network = build_network(what)
    report = load_encoder(network, what, package())
    stem = network.get_submodule("encoder").state_dict()["model.conv_stem.weight"]
    kernel = read_state(Path(package().path))["_conv_stem.weight"]
    assert torch.allclose(stem[:, 2], kernel[:, 0] * 3 / 4)
    assert report.first_convolution[0] == "blue <- blue"


def test_a_file_with_names_is_matched_by_name_whatever_its_order(tmp_path: Path) -> None:
    what = spec("red", "green", "blue", encoder="resnet18")
    given = build_network(what).get_submodule("encoder").state_dict()
    path = tmp_path / "w.safetensors"
    shuffled = {
        f"module.encoder.{k}": given[k].clone().contiguous() for k in sorted(given, reverse=True)
    }
    save_file({**shuffled, "head.weight": torch.ones(2)}, path)
    network = build_network(what)
    report = load_encoder(network, what, WeightsChoice("file:w", str(path), sha256_of(path)))
    assert (report.how, report.unexpected) == ("name", ("head.weight",))
    mine = network.get_submodule("encoder").state_dict()
    assert all(torch.equal(mine[k], given[k]) for k in given)


def test_weights_of_another_encoder_are_refused() -> None:
    what = spec("red", "green", "blue", encoder="resnet18")
    with pytest.raises(UsageError, match="tensors of the encoder"):
        load_encoder(build_network(what), what, package())


def test_a_file_that_changed_since_the_request_is_refused(tmp_path: Path) -> None:
    what = spec("red", "green", "blue", encoder="resnet18")
    path = tmp_path / "w.safetensors"
    save_file({"a": torch.ones(2)}, path)
    with pytest.raises(UsageError, match="has changed"):
        load_encoder(build_network(what), what, WeightsChoice("file:w", str(path), "0" * 64))


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (str(self.mark),))


def test_a_file_with_code_is_refused_and_not_run(tmp_path: Path) -> None:
    torch.save({"w": Evil(tmp_path / "ran")}, tmp_path / "evil.pth")
    with pytest.raises(UsageError, match="no plain state dict"):
        read_state(tmp_path / "evil.pth")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
@pytest.mark.parametrize("data", [b"", b"not weights at all", b"\x80" * 40])
def test_a_file_that_is_no_weights_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match="no plain state dict"):
        read_state(tmp_path / name)


def test_random_weights_say_so() -> None:
    what = spec("red", encoder="resnet18")
    report = load_encoder(build_network(what), what, WeightsChoice("random", "", ""))
    assert (report.how, report.matched) == ("random", 0)


@pytest.mark.parametrize(
    ("architecture", "encoder", "reason"),
    [
        ("Nothing", "resnet18", "is not known"),
        ("encoders", "resnet18", "is not known"),
        ("DeepLabV3Plus", "nothing", "cannot be built"),
        ("DeepLabV3Plus", "xception", "cannot be built"),
    ],
)
def test_networks_that_do_not_exist_are_refused(
    architecture: str, encoder: str, reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        build_network(spec("red", "green", "blue", architecture=architecture, encoder=encoder))


def test_a_network_answers_with_one_channel_of_the_same_size() -> None:
    network = build_network(spec("red", "nir", encoder="mobilenet_v2")).eval()
    assert isinstance(network, nn.Module)
    with torch.inference_mode():
        assert network(torch.zeros(1, 2, 64, 96)).shape == (1, 1, 64, 96)
