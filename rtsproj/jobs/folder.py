"""The layout of a job folder: plain files that the desk and the workshop share."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from rtsproj.domain.requests import InferRequest, TrainRequest, read_request, request_text
from rtsproj.errors import DamagedError, RtsError
from rtsproj.jobs.files import write_atomic


@dataclass(frozen=True, slots=True)
class JobFolder:
    """One job folder.

    Attributes:
        path: the folder, ``jobs/<n>-<verb>``.
    """

    path: Path

    @property
    def request(self) -> Path:
        """request.json: what is asked, frozen; written after the inputs."""
        return self.path / "request.json"

    @property
    def inputs(self) -> Path:
        """Folder of what the desk froze for the job."""
        return self.path / "inputs"

    @property
    def labels(self) -> Path:
        """Training polygons of a training job."""
        return self.inputs / "labels.jsonl"

    @property
    def tiles(self) -> Path:
        """Tiles that a search has to do."""
        return self.inputs / "tiles.jsonl"

    @property
    def area(self) -> Path:
        """The area in the project CRS, WKB."""
        return self.inputs / "area.wkb"

    @property
    def judged(self) -> Path:
        """Outlines of the judged places that a search compares its own with."""
        return self.inputs / "judged.jsonl"

    @property
    def known(self) -> Path:
        """Outlines of the digitised slumps that a search tries the extension of outlines on."""
        return self.inputs / "known.jsonl"

    @property
    def slumps(self) -> Path:
        """Outlines of all known slumps: a search does not extend its own there to ask again."""
        return self.inputs / "slumps.jsonl"

    @property
    def outputs(self) -> Path:
        """Folder of results."""
        return self.path / "outputs"

    @property
    def model(self) -> Path:
        """Weights that a training job leaves."""
        return self.outputs / "model.safetensors"

    @property
    def scores(self) -> Path:
        """Scores and curves that a training job leaves."""
        return self.outputs / "scores.json"

    @property
    def sweep(self) -> Path:
        """The table that a sweep leaves, best run first."""
        return self.outputs / "sweep.json"

    def run(self, number: int) -> "JobFolder":
        """Folder of one run of a sweep, from 1: a training by itself."""
        return JobFolder(self.path / "runs" / f"{number:02}")

    @property
    def row(self) -> Path:
        """row.json of a run of a sweep that has ended: its line of the table."""
        return self.path / "row.json"

    @property
    def tile_outputs(self) -> Path:
        """Folder of per-tile results of a search."""
        return self.outputs / "tiles"

    @property
    def outcomes(self) -> Path:
        """One line per tile of a finished search; while it runs, see ``shards``."""
        return self.outputs / "outcomes.jsonl"

    @property
    def shards(self) -> Path:
        """Folder of outcomes while a search runs: one append-only file per shard."""
        return self.outputs / "shards"

    def shard(self, number: int) -> Path:
        """Outcomes of the tiles of one shard."""
        return self.shards / f"{number:06}.jsonl"

    def outcome_files(self) -> tuple[Path, ...]:
        """All files that hold outcomes, the newest word of a tile last."""
        return (self.outcomes, *sorted(self.shards.glob("*.jsonl")))

    @property
    def claims(self) -> Path:
        """Folder of claims: which process is at which shard."""
        return self.outputs / "claims"

    @property
    def outlines(self) -> Path:
        """Joined outlines of a search."""
        return self.outputs / "outlines.jsonl"

    @property
    def checkpoint(self) -> Path:
        """Folder of the trainer's saved states."""
        return self.path / "checkpoint"

    @property
    def events(self) -> Path:
        """events.jsonl: what happened, append-only."""
        return self.path / "events.jsonl"

    @property
    def curve(self) -> Path:
        """curve.jsonl: the course of a training, append-only."""
        return self.path / "curve.jsonl"

    @property
    def samples(self) -> Path:
        """Pictures of the newest validation, replaced whole."""
        return self.path / "samples.npz"

    @property
    def speed(self) -> Path:
        """speed.jsonl: the pace of a search, append-only."""
        return self.path / "speed.jsonl"

    @property
    def done(self) -> Path:
        """done.json: renamed into place last, with digests of the outputs."""
        return self.path / "done.json"

    @property
    def lock(self) -> Path:
        """Held by flock while a worker lives; its text says who."""
        return self.path / "lock"

    @property
    def heartbeat(self) -> Path:
        """Newest progress; its age tells a working worker from a hung one."""
        return self.path / "heartbeat"

    @property
    def stop(self) -> Path:
        """Exists when someone asks the worker to stop after a checkpoint."""
        return self.path / "stop"

    @property
    def launched(self) -> Path:
        """Who was started for this job, and when."""
        return self.path / "launched.json"

    @property
    def log(self) -> Path:
        """Standard output and error of the worker."""
        return self.path / "worker.log"

    def create(self) -> None:
        """Make the folder and its sub-folders; those that stand are kept."""
        for folder in (self.inputs, self.outputs, self.checkpoint):
            folder.mkdir(parents=True, exist_ok=True)

    def write_request(self, request: TrainRequest | InferRequest) -> str:
        """Freeze the request; write the inputs before it.

        Returns:
            sha256 of request.json.

        Raises:
            RtsError: another request stands here already.
        """
        text = request_text(request)
        if self.request.exists() and self.request.read_text(encoding="utf-8") != text:
            raise RtsError(
                f"{self.request} already asks for something else",
                hint="a request is never changed: start a new job",
            )
        return write_atomic(self.request, text.encode())

    def read_request(self) -> TrainRequest | InferRequest:
        """Parse request.json.

        Raises:
            DamagedError: it is missing or cannot be parsed.
        """
        try:
            return read_request(self.request.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError, RtsError) as error:
            raise DamagedError(
                f"{self.request} cannot be read: {error}",
                hint="a request is never repaired: start a new job",
            ) from error

    def request_sha256(self) -> str:
        """Digest of request.json; ties checkpoints to the request that made them."""
        return hashlib.sha256(self.request.read_bytes()).hexdigest()

    def read_area(self) -> bytes:
        """WKB of the area in the project CRS.

        Raises:
            DamagedError: the file is missing.
        """
        try:
            return self.area.read_bytes()
        except OSError as error:
            raise DamagedError(f"{self.area} is missing", hint="start a new job") from error


def read_json(path: Path) -> dict[str, object]:
    """A small JSON object that is written whole; empty where it is missing or not JSON."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
