"""Ask a store for byte ranges of one object, and for nothing else.

One connection is kept. What passes by itself (a broken connection, a busy store, a wait that ran
out) is asked again a few times; after that the object, or the store where it is the store that does
not answer, is left alone for a while and reading fails at once: a store which hangs costs a search
minutes, not a wait for each of its windows. Redirects are not followed. Each request after the
first holds only for the object that the first one found.
"""

import hashlib
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import NoReturn
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from rtsproj.domain.places import ImageUrl
from rtsproj.errors import RtsError
from rtsproj.imagery.objects.request import HINTS, Target, target_of

WAIT_S = 20.0
"""s without a byte, for a connection or an answer (GDAL_HTTP_CONNECTTIMEOUT and the like)."""
MOST_S = 120.0
"""s of one request in all; 4 MiB in it are 35 kB/s."""
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 4.0)
"""s before each further try; the first at once: stores hang up on a connection that was idle."""
QUIET_S = 10.0
"""s for which nothing is asked after the last try failed."""
_LOOK_S = 0.2
"""s between two looks at whether a request is still waited for."""
_PASSING = (408, 425, 429, 500, 502, 503, 504)
"""Answers that a store gives when it is busy."""
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_OTHER_STORE = "put it into a store or on a server that gives byte ranges and ETags"
_REGION = re.compile(r"[a-z0-9-]{1,40}")


class ObjectError(RtsError):
    """An object cannot be read; the store, the network or the object itself is the reason."""


class MissingObjectError(ObjectError):
    """The store has no such object."""


class ChangedObjectError(ObjectError):
    """The object is another than it was."""


class _PassingError(Exception):
    """May succeed when asked again."""


class _SilentError(_PassingError):
    """The store did not answer, whatever it was asked for."""


@dataclass(slots=True)
class _Quiet:
    """Until when an object or a whole store is left alone (s, monotonic), and why."""

    until_s: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a store says of an object.

    Attributes:
        size: bytes.
        etag: as sent, with its quotes; empty where the store sends none.
        modified: HTTP date; empty where the store sends none.
    """

    size: int
    etag: str
    modified: str

    @property
    def has_strong_etag(self) -> bool:
        """True where the tag changes with any byte (RFC 9110, 8.8.1)."""
        return self.etag.startswith('"')

    @property
    def fingerprint(self) -> str:
        """Digest of size and ETag; without a strong one, of size and time of the last change."""
        told = self.etag if self.has_strong_etag else self.modified
        return hashlib.sha256(f"{self.size} {told}".encode()).hexdigest()

    @property
    def modified_ns(self) -> int:
        """Nanoseconds since 1970; 0 where the store does not say."""
        try:
            return int(parsedate_to_datetime(self.modified).timestamp()) * 1_000_000_000
        except ValueError:
            return 0

    def conditions(self) -> dict[str, str]:
        """Headers that let the store refuse another object."""
        if self.has_strong_etag:
            return {"If-Match": self.etag}
        return {"If-Unmodified-Since": self.modified}


class ObjectReader:
    """Reads ranges of one object; one thread at a time."""

    def __init__(
        self,
        url: ImageUrl,
        *,
        stopping: Callable[[], bool] = bool,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            url: an object that this machine may read: see ``require_allowed``.
            stopping: asked before each try and while one is waited for; True gives up.
            environment: names endpoints, credentials and proxies.
        """
        self.url = url
        self.identity: Identity | None = None
        self._stopping = stopping
        self._environment = environment
        self._connection: HTTPConnection | None = None
        self._quiet = _quiet_of(url.scheme, url.authority, url.key)
        self._quiet_store = _quiet_of(url.scheme, url.authority, "")

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def read(self, first: int, size: int) -> bytes:
        """Bytes from ``first`` on, fewer where the object ends.

        Raises:
            MissingObjectError: there is no such object. ChangedObjectError: it is another by now.
            ObjectError: it cannot be read; the reason is named, credentials are not.
            UsageError: a variable of the environment is missing or cannot be sent.
        """
        for quiet in (self._quiet, self._quiet_store):
            if time.monotonic() < quiet.until_s:
                raise self._gone(quiet.problem)
        quiet = _Quiet(problem="reading was stopped")
        for pause_s in (0.0, *PAUSES_S):
            if self._stopping():
                break
            time.sleep(pause_s)
            try:
                return self._asked(first, size)
            except _PassingError as error:
                quiet = self._quiet_store if isinstance(error, _SilentError) else self._quiet
                quiet.problem = str(error)
                self.close()
            except BaseException:
                self.close()  # an answer may be half read
                raise
        else:
            quiet.until_s = time.monotonic() + QUIET_S
        raise self._gone(quiet.problem)

    def _gone(self, why: str) -> ObjectError:
        return ObjectError(
            f"{self.url} cannot be read: {why}",
            hint="check the network and the store, then resume or repeat",
        )

    def _asked(self, first: int, size: int) -> bytes:
        headers = {"Range": f"bytes={first}-{first + size - 1}"}
        if self.identity is not None:
            headers |= self.identity.conditions()
        target = target_of(self.url, headers, self._environment, datetime.now(UTC))
        try:
            with self._answer(target) as answer:
                length = self._checked(answer, first, size)
                data = answer.read(length)
        except ssl.SSLCertVerificationError as error:
            raise ObjectError(
                f"{self.url}: the certificate of {target.host} is not valid: "
                f"{error.verify_message}",
                hint="check the host's name and this machine's clock and certificates",
            ) from None
        except (OSError, HTTPException) as error:
            raise _SilentError(_reason(error)) from None
        if len(data) != length:
            raise _PassingError(f"the answer ended after {len(data)} of {length} bytes")
        return data

    @contextmanager
    def _answer(self, target: Target) -> Iterator[HTTPResponse]:
        """Ask once; the connection is cut when that takes too long, or when nobody waits for it."""
        if self._connection is None:
            self._connection = _connection(target, self._environment)
        connection = self._connection
        if connection.sock is None:
            connection.connect()
        answered = threading.Event()
        watch = (connection.sock, answered, self._stopping)
        threading.Thread(target=_watched, args=watch, daemon=True).start()
        try:
            headers = {"Host": target.host, "User-Agent": "rtsproj", **target.headers}
            connection.request("GET", target.path, headers=headers)
            yield connection.getresponse()
        finally:
            answered.set()

    def _checked(self, answer: HTTPResponse, first: int, size: int) -> int:
        """Bytes that the answer must hold."""
        headers = answer.headers
        if answer.status != 206:
            self._refuse(answer)
        found = _RANGE.fullmatch(headers.get("Content-Range", ""))
        if found is None or headers.get("Content-Encoding", "identity") != "identity":
            raise self._odd("is not given byte by byte", hint=_OTHER_STORE)
        start, last, whole = map(int, found.groups())
        said = Identity(whole, headers.get("ETag", ""), headers.get("Last-Modified", ""))
        if self.identity is None:
            if not said.has_strong_etag and not said.modified:
                raise self._odd("has neither ETag nor Last-Modified", hint=_OTHER_STORE)
            self.identity = said
        elif said.fingerprint != self.identity.fingerprint:
            raise self._changed()
        if start != first or last != min(first + size, whole) - 1:
            raise self._odd("is given by other ranges than those asked for", hint=_OTHER_STORE)
        return last - start + 1

    def _refuse(self, answer: HTTPResponse) -> NoReturn:
        """Any answer but the bytes."""
        status, scheme = answer.status, self.url.scheme
        if status in _PASSING:
            raise _PassingError(f"the store answers {status}")
        if status == 412 or (status == 416 and self.identity is not None):
            raise self._changed()
        if status == 404:
            raise MissingObjectError(f"{self.url} does not exist", hint="check the URL")
        region = answer.headers.get("x-amz-bucket-region", "")
        if status in (301, 307, 400) and _REGION.fullmatch(region):
            raise self._odd(f"lies in {region}", hint=f"set AWS_REGION={region}")
        if 300 <= status < 400:
            raise self._odd(
                f"leads elsewhere ({status}), which is not followed",
                hint="give the URL that it leads to, and allow that place",
            )
        if status in (400, 401, 403):  # S3 says 400 of a token that has expired
            raise self._odd(f"is refused by the store ({status})", hint=HINTS[scheme])
        what = {200: "is given only as a whole, not by byte ranges", 416: "is empty (0 bytes)"}
        raise self._odd(
            what.get(status, f"is not given: the store answers {status}"), hint=_OTHER_STORE
        )

    def _odd(self, what: str, *, hint: str) -> ObjectError:
        return ObjectError(f"{self.url} {what}", hint=hint)

    def _changed(self) -> ChangedObjectError:
        return ChangedObjectError(
            f"{self.url} has changed while it was read",
            hint="restore the object, or register the new one with rtsproj scene add",
        )


def identity_of(url: ImageUrl) -> Identity:
    """Ask what an object is; one request.

    Raises:
        ObjectError: as ``ObjectReader.read``.
    """
    reader = ObjectReader(url)
    try:
        reader.read(0, 1)
    finally:
        reader.close()
    assert reader.identity is not None  # noqa: S101  a read without error has set it
    return reader.identity


@lru_cache(maxsize=4096)
def _quiet_of(_scheme: str, _authority: str, _key: str) -> _Quiet:
    """Shared by all readers of an object, or with an empty key of a store, in this process."""
    return _Quiet()


def _watched(
    connected: socket.socket, answered: threading.Event, stopping: Callable[[], bool]
) -> None:
    """Cut a connection that is waited for too long: whoever waits gets an error at once."""
    until_s = time.monotonic() + MOST_S
    while not answered.wait(min(_LOOK_S, MOST_S)):
        if stopping() or time.monotonic() > until_s:
            with suppress(OSError):  # it has ended by itself
                socket.socket.shutdown(connected, socket.SHUT_RDWR)  # TLS says no goodbye
            return


def _connection(target: Target, environment: Mapping[str, str]) -> HTTPConnection:
    if not target.is_secure:
        return HTTPConnection(target.host, timeout=WAIT_S)
    context = ssl.create_default_context(cafile=environment.get("CURL_CA_BUNDLE") or None)
    proxy = getproxies().get("https")
    if not proxy or proxy_bypass(target.host):
        return HTTPSConnection(target.host, timeout=WAIT_S, context=context)
    through = urlsplit(proxy)
    connection = HTTPSConnection(
        through.hostname or "", through.port, timeout=WAIT_S, context=context
    )
    connection.set_tunnel(target.host)
    return connection


def _reason(error: OSError | HTTPException) -> str:
    """In words that hold nothing of the request."""
    if isinstance(error, TimeoutError):
        return f"no answer within {WAIT_S:g} s"
    if isinstance(error, HTTPException):  # some are both
        return f"the connection broke ({type(error).__name__})"
    return error.strerror or type(error).__name__
