"""Ask a store for byte ranges of one object, several side by side.

What passes by itself (a broken connection, a busy store, a wait that ran out) is asked again by
obstore; after that the object, or the store where it is the store that does not answer, is left
alone for a while and reading fails at once: a store which hangs costs a search minutes, not a wait
for each of its windows. Each request after the first holds only for the object that the first one
found. A wait ends as soon as nobody waits any more.
"""

import asyncio
import hashlib
import re
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaiting
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import obstore
from obstore.exceptions import (
    BaseError,
    NotFoundError,
    NotSupportedError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

from rtsproj.domain.places import ImageUrl
from rtsproj.errors import RtsError
from rtsproj.imagery.objects.store import HINTS, store_of

MOST_TOGETHER = 4
"""Requests to one object at a time."""
MOST_BYTES = 4 << 20
"""Bytes of one request; longer ranges are asked for in parts."""
QUIET_S = 10.0
"""s for which nothing is asked after the last try failed."""
_LOOK_S = 0.2
"""s between two looks at whether a request is still waited for."""
_OTHER_STORE = "put it into a store or on a server that gives byte ranges and ETags"
_STATUS = re.compile(r"status code: (\d{3})")
_UNKNOWN = datetime.fromtimestamp(0, UTC)


class ObjectError(RtsError):
    """An object cannot be read; the store, the network or the object itself is the reason."""


class MissingObjectError(ObjectError):
    """The store has no such object."""


class ChangedObjectError(ObjectError):
    """The object is another than it was."""


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
        modified: time of the last change; 1970 where the store does not say.
    """

    size: int
    etag: str
    modified: datetime

    @property
    def has_strong_etag(self) -> bool:
        """True where the tag changes with any byte (RFC 9110, 8.8.1)."""
        return self.etag.startswith('"')

    @property
    def fingerprint(self) -> str:
        """Digest of size and ETag; without a strong one, of size and time of the last change."""
        told = self.etag if self.has_strong_etag else self.modified.isoformat()
        return hashlib.sha256(f"{self.size} {told}".encode()).hexdigest()

    @property
    def modified_ns(self) -> int:
        """Nanoseconds since 1970; 0 where the store does not say."""
        return int(self.modified.timestamp()) * 1_000_000_000

    def conditions(self) -> dict[str, Any]:
        """What lets the store refuse another object."""
        if self.has_strong_etag:
            return {"if_match": self.etag}
        return {"if_unmodified_since": self.modified}


class ObjectReader:
    """Reads ranges of one object; one thread at a time."""

    def __init__(self, url: ImageUrl, *, stopping: Callable[[], bool] = bool) -> None:
        """Prepare; nothing is asked yet.

        Args:
            url: an object that this machine may read: see ``require_allowed``.
            stopping: asked while a request is waited for; True gives up.

        Raises:
            UsageError: the environment does not name what the store needs to know.
        """
        self.url = url
        self.identity: Identity | None = None
        self._stopping = stopping
        self._store, self._key = store_of(url)
        self._quiet = _quiet_of(url.scheme, url.authority, url.key)
        self._quiet_store = _quiet_of(url.scheme, url.authority, "")

    @property
    def size(self) -> int:
        """Bytes of the object; 0 before the first request."""
        return self.identity.size if self.identity else 0

    def read(self, first: int, size: int) -> bytes:
        """Bytes from ``first`` on, fewer where the object ends; see ``read_all``."""
        return self.read_all([(first, size)])[0]

    def read_all(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Several ranges (first byte, size), in their order.

        Raises:
            MissingObjectError: there is no such object. ChangedObjectError: it is another by now.
            ObjectError: it cannot be read; the reason is named, credentials are not.
        """
        for quiet in (self._quiet, self._quiet_store):
            if time.monotonic() < quiet.until_s:
                raise self._gone(quiet.problem)
        try:
            return self._waited_for(_together(self._part, ranges))
        except (NotFoundError, FileNotFoundError):
            raise MissingObjectError(f"{self.url} does not exist", hint="check the URL") from None
        except PreconditionError:
            raise self._changed() from None
        except (PermissionDeniedError, UnauthenticatedError):
            raise self._odd("is refused by the store", hint=HINTS[self.url.scheme]) from None
        except NotSupportedError:
            raise self._odd(
                "is given only as a whole, not by byte ranges", hint=_OTHER_STORE
            ) from None
        except BaseError as error:
            raise self._failed(str(error)) from None

    async def _part(self, first: int, size: int) -> bytes:
        asked: Any = {"range": (first, first + size)}
        if self.identity is not None:
            asked |= self.identity.conditions()
        answer = await obstore.get_async(self._store, self._key, options=asked)
        meta = answer.meta
        said = Identity(meta["size"], meta["e_tag"] or "", meta["last_modified"])
        if not said.has_strong_etag and said.modified == _UNKNOWN:
            raise self._odd("has neither ETag nor Last-Modified", hint=_OTHER_STORE)
        if self.identity is None:
            self.identity = said
        elif said.fingerprint != self.identity.fingerprint:
            raise self._changed()
        data = bytes(await answer.bytes_async())
        if len(data) != min(first + size, said.size) - first:
            raise self._gone(f"the answer ended after {len(data)} of {size} bytes")
        return data

    def _waited_for(self, work: Coroutine[Any, Any, list[bytes]]) -> list[bytes]:
        asked: Future[list[bytes]] = asyncio.run_coroutine_threadsafe(work, _loop())
        try:
            while True:
                if self._stopping():
                    raise self._gone("reading was stopped")
                try:
                    return asked.result(_LOOK_S)
                except StillWaiting:
                    if asked.done():  # the store's own
                        raise
        finally:
            asked.cancel()

    def _failed(self, text: str) -> ObjectError:
        """Why the last try failed, in words that hold nothing of the request."""
        found = _STATUS.search(text)
        status = int(found[1]) if found else 0
        if status in (400, 401, 403):  # S3 says 400 of a token that has expired
            return self._odd(f"is refused by the store ({status})", hint=HINTS[self.url.scheme])
        if status == 416:
            return self._odd("is empty (0 bytes), or shorter than it was", hint="copy it again")
        if "redirect without LOCATION" in text:
            return self._odd("lies in another region, or leads nowhere", hint="set AWS_REGION")
        problem = f"the store answers {status}" if status else "no answer, or a broken one"
        quiet = self._quiet if status else self._quiet_store
        quiet.until_s, quiet.problem = time.monotonic() + QUIET_S, problem
        return self._gone(problem)

    def _gone(self, why: str) -> ObjectError:
        return ObjectError(
            f"{self.url} cannot be read: {why}",
            hint="check the network and the store, then resume or repeat",
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
        ObjectError: as ``ObjectReader.read_all``.
    """
    reader = ObjectReader(url)
    reader.read(0, 1)
    assert reader.identity is not None  # noqa: S101  a read without error has set it
    return reader.identity


async def _together(
    part: Callable[[int, int], Coroutine[Any, Any, bytes]], ranges: Sequence[tuple[int, int]]
) -> list[bytes]:
    """Ranges side by side, in parts of ``MOST_BYTES``; the first that fails ends the others."""
    free = asyncio.Semaphore(MOST_TOGETHER)

    async def one(first: int, size: int) -> bytes:
        async with free:
            return await part(first, size)

    async def whole(first: int, size: int) -> list[asyncio.Task[bytes]]:
        end = first + size
        starts = range(first, end, MOST_BYTES)
        return [asyncio.create_task(one(start, min(MOST_BYTES, end - start))) for start in starts]

    asked = [await whole(*each) for each in ranges]
    tasks = [task for each in asked for task in each]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    return [b"".join(task.result() for task in each) for each in asked]


@lru_cache(maxsize=1)
def _loop() -> asyncio.AbstractEventLoop:
    """Where requests wait, in a thread of its own: a wait can be given up from outside."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True, name="objects").start()
    return loop


@lru_cache(maxsize=4096)
def _quiet_of(_scheme: str, _authority: str, _key: str) -> _Quiet:
    """Shared by all readers of an object, or with an empty key of a store, in this process."""
    return _Quiet()
