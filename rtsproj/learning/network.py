"""Build the segmentation network; the one module that imports segmentation-models-pytorch."""

import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import nn

from rtsproj.errors import UsageError

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def import_torchvision() -> tuple[ModuleType, Any]:
    """Import torchvision, also where its compiled operators cannot load beside a CPU torch.

    The index's torchvision is built for CUDA. Beside a CPU torch its import ends in
    ``operator torchvision::nms does not exist``: it registers fake kernels of operators that were
    never defined. Declaring their schemas first cures that; ``torchvision.ops.nms`` still raises
    its own honest error. Where torchvision works the ``try`` simply succeeds.

    Returns:
        The module, and the operator library to keep a reference to (None where not needed).
    """
    library = None
    try:
        import torchvision  # type: ignore[import-untyped]  # noqa: PLC0415  what this mends
    except RuntimeError as error:
        if "torchvision::" not in str(error) or torch.version.cuda or torch.version.hip:
            raise
        for name in [m for m in sys.modules if m.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        for schema in _SCHEMAS:
            library.define(schema)  # type: ignore[no-untyped-call]
        import torchvision  # noqa: PLC0415  second try, with the schemas declared
    return torchvision, library


_KEPT = import_torchvision()  # smp imports torchvision itself, so this comes before it

import segmentation_models_pytorch as smp  # noqa: E402


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """What builds the same network again.

    Attributes:
        architecture: class name in segmentation-models-pytorch.
        encoder: encoder name there.
        output_stride: 8 or 16; used by the architectures that know it.
        bands: input bands, in order.
    """

    architecture: str
    encoder: str
    output_stride: int
    bands: tuple[str, ...]


def build_network(spec: NetworkSpec) -> nn.Module:
    """A network with random weights, one output channel of logits, channels_last.

    Raises:
        UsageError: the architecture or the encoder is not known, or they do not fit together.
    """
    maker = getattr(smp, spec.architecture, None)
    if not (isinstance(maker, type) and issubclass(maker, nn.Module)):
        raise UsageError(
            f"train.architecture = {spec.architecture!r} is not known",
            hint="give a class of segmentation-models-pytorch, such as DeepLabV3Plus or Unet",
        )
    values: dict[str, Any] = {"encoder_name": spec.encoder, "encoder_weights": None}
    if spec.architecture.startswith("DeepLab"):
        values["encoder_output_stride"] = spec.output_stride
    try:
        network: nn.Module = maker(**values, in_channels=len(spec.bands), classes=1)
    except (KeyError, ValueError, RuntimeError, TypeError, NotImplementedError) as error:
        raise UsageError(
            f"{spec.architecture} cannot be built on encoder {spec.encoder!r}: {error}",
            hint="DeepLabV3Plus needs a convolutional encoder with a dilated mode, such as "
            "tu-tf_efficientnet_lite0; others need architecture Unet, DPT or UPerNet",
        ) from error
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def hub_encoder_state(encoder: str) -> dict[str, torch.Tensor]:
    """ImageNet state of a three-band encoder, fetched from the model hub or its cache.

    Raises:
        UsageError: the hub cannot be reached or has no such weights.
    """
    try:
        state: dict[str, torch.Tensor] = smp.encoders.get_encoder(
            encoder, in_channels=3, weights="imagenet"
        ).state_dict()
    except (KeyError, ValueError, OSError, RuntimeError) as error:
        raise UsageError(
            f"ImageNet weights of {encoder!r} could not be fetched: {type(error).__name__}",
            hint="use train.weights = 'package:lite0' or 'file:PATH', or fetch them with a network",
        ) from error
    return state
