"""Make things ahead in threads, hand them over in order, and never hang.

Futures instead of queues: an error in a thread is raised where its result is awaited, and leaving
the block ends the threads; a full queue would leave the maker blocked for ever (stack 5.7).
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


@contextmanager
def prefetched(
    make: Callable[[Given], Made], given: Iterable[Given], *, workers: int
) -> Iterator[Iterator[Made]]:
    """Results of ``make`` in the order of ``given``, at most ``workers`` + 1 ahead."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="prefetch")
    try:
        yield _in_order(pool, make, iter(given), workers + 1)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _in_order(
    pool: ThreadPoolExecutor, make: Callable[[Given], Made], given: Iterator[Given], ahead: int
) -> Iterator[Made]:
    waiting: deque[Future[Made]] = deque(pool.submit(make, one) for one in islice(given, ahead))
    while waiting:
        made = waiting.popleft().result()
        waiting.extend(pool.submit(make, one) for one in islice(given, 1))
        yield made
