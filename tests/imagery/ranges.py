"""A web server on the loopback that gives byte ranges of files, and can misbehave."""

import hashlib
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

NAME = "20190715_a.tif"
"""Of the image that the tests read."""
SIDE = 512
"""px; its height and width."""


@dataclass
class Ranges:
    """The server's state.

    Attributes:
        folder: whose files are given below ``/data/``.
        port: of 127.0.0.1.
        asked: (path, Range header) of each request, in order.
        headers: of each request.
        sent: bytes of all answers.
        ways: what to do with the next requests: a status, "cut" (half of the bytes), "hang",
            "drop" (hang up), "whole" (no ranges), "moved" (leads to moved.tif); empty = answer
            well.
        connections: that were made.
        delay_s: s before each answer.
        over: set when the server ends, so that what hangs does not outlive it.
        always: the same for every request that ``ways`` says nothing of.
    """

    folder: Path
    port: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    sent: int = 0
    ways: list[int | str] = field(default_factory=list)
    always: int | str = ""
    connections: int = 0
    delay_s: float = 0.0
    over: Event = field(default_factory=Event)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/data/{name}"


@lru_cache(maxsize=8)
def content(path: Path, _mtime_ns: int) -> tuple[bytes, str]:
    data = path.read_bytes()
    return data, f'"{hashlib.sha256(data).hexdigest()}"'


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: Ranges

    def setup(self) -> None:
        self.state.connections += 1
        super().setup()

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:  # GDAL asks so
        path = self.state.folder / self.path.removeprefix("/data/")
        self.send_response(200 if path.is_file() else 404)
        self.send_header("Content-Length", str(path.stat().st_size if path.is_file() else 0))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()

    def do_GET(self) -> None:
        state = self.state
        time.sleep(state.delay_s)
        state.asked.append((self.path, self.headers.get("Range", "")))
        state.headers.append({k.lower(): v for k, v in self.headers.items()})
        way = state.ways.pop(0) if state.ways else state.always
        path = state.folder / self.path.removeprefix("/data/").rpartition("/")[2]
        if way == "hang":
            state.over.wait(20)
        if way in ("hang", "drop"):
            self.close_connection = True
        elif way == "moved":
            self.answer(307, b"", Location=state.url("moved.tif"))
        elif isinstance(way, int):
            self.answer(way, b"")
        elif not path.is_file():
            self.answer(404, b"")
        else:
            self.give(path, way)

    def give(self, path: Path, way: int | str) -> None:
        data, etag = content(path, path.stat().st_mtime_ns)
        if self.headers.get("If-Match", etag) != etag:
            return self.answer(412, b"")
        if way == "whole":
            return self.answer(200, data, ETag=etag)
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups())
        part = data[first : last + 1]
        if not part:
            return self.answer(416, b"")
        ranged = f"bytes {first}-{first + len(part) - 1}/{len(data)}"
        facts = {"Content-Range": ranged, "ETag": etag, "Content-Length": str(len(part))}
        if way == "cut":
            self.close_connection = True
            part = part[: len(part) // 2]
        return self.answer(206, part, **facts)

    def answer(self, status: int, body: bytes, **facts: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **facts}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.state.sent += len(body)


@contextmanager
def serving(folder: Path, context: ssl.SSLContext | None = None) -> Iterator[Ranges]:
    """Give the files of a folder; by TLS where there is a context."""
    state = Ranges(folder)
    handler = type("One", (Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    server.handle_error = lambda *_: None  # a client that hangs up, as some tests do
    state.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        state.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def allow(monkeypatch: pytest.MonkeyPatch, config: Path, *starts: str) -> Path:
    """Opt this machine in; returns its file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config))
    file = config / "rtsproj" / "machine.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    listed = ", ".join(f'"{one}"' for one in starts)
    file.write_text(f"[imagery]\nobject_stores = [{listed}]\n")
    return file
