"""What a network starts from: weights of its encoder, or the whole of an earlier model."""

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from rtsproj.domain.requests import TrainRequest
from rtsproj.errors import UsageError
from rtsproj.learning.model_file import Ensemble, load_model
from rtsproj.learning.network import NetworkSpec, build_network
from rtsproj.learning.weights import WeightsChoice, WeightsReport, load_encoder


@dataclass(frozen=True, slots=True)
class Start:
    """Weights that a training starts from.

    Attributes:
        encoder: of the encoder.
        model_path: model file of which the whole network is taken; empty without a warm start.
        model_sha256: its digest.
        model_id: its number in the project.
    """

    encoder: WeightsChoice
    model_path: str = ""
    model_sha256: str = ""
    model_id: int = 0

    @property
    def origin(self) -> str:
        """As it stands in the model's row and header."""
        return f"model {self.model_id}" if self.model_path else self.encoder.origin

    @property
    def sha256(self) -> str:
        """Digest of the file."""
        return self.model_sha256 if self.model_path else self.encoder.sha256


def start_of(request: TrainRequest) -> Start:
    """What the desk has resolved."""
    encoder = WeightsChoice(request.settings.weights, request.weights_path, request.weights_sha256)
    return Start(encoder, request.warm_path, request.warm_sha256, request.warm_model)


def started_network(
    spec: NetworkSpec, start: Start, *, member: int
) -> tuple[nn.Module, WeightsReport]:
    """Build the network and load what it starts from; random draws use torch's generator.

    A member of an ensemble that starts from an earlier ensemble takes the same member of it, in
    turns where that one had fewer.

    Raises:
        UsageError: the weights do not fit.
        DamagedError: the earlier model is missing or has changed.
    """
    network = build_network(spec)
    if not start.model_path:
        return network, load_encoder(network, spec, start.encoder)
    earlier, info = load_model(Path(start.model_path), start.model_sha256)
    if info.spec != spec:
        raise UsageError(
            f"model {start.model_id} is {info.spec.architecture} on {info.spec.encoder} for "
            f"{', '.join(info.spec.bands)}: this training is for another network",
            hint="set train.warm_start = 'none', or the network and bands of that model",
        )
    if isinstance(earlier, Ensemble):
        earlier = earlier.members[member % info.members]
    state = earlier.state_dict()
    network.load_state_dict(state)
    how = ("as in the model",)
    return network, WeightsReport(start.origin, start.sha256, "model", len(state), (), (), how)
