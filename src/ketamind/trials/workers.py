"""Who solves the shards: threads of this machine, or the workers of a Dask cluster."""

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ketamind.engine.compiled import processors
from ketamind.errors import BadValue

if TYPE_CHECKING:
    import pyarrow as pa

    from ketamind.trials.trial import Trial

CONNECT_S = 15
RETRIES = 5
MOST_WORKERS = 1024


@dataclass(frozen=True)
class Shard:
    """Patients `first` to `first + count - 1`."""

    number: int
    first: int
    count: int


def threads(
    trial: "Trial", seed: int, shards: Sequence[Shard], workers: int | None
) -> "Iterator[tuple[Shard, pa.Table]]":
    """Shards as they are finished, by threads of this process.

    The first one is solved by all threads together, so that machine code is made once; then each thread takes its own.
    """
    from ketamind.trials.run import run_shard

    count = workers or processors()
    if not 1 <= count <= MOST_WORKERS:
        raise BadValue(f"workers = {workers} must be 1 to {MOST_WORKERS}.")
    if not shards:
        return
    yield shards[0], run_shard(trial, seed, shards[0], count)
    left = list(shards[1:])[::-1]
    with ThreadPoolExecutor(count) as pool:
        running: dict[Future[Any], Shard] = {}
        try:
            while left or running:
                while left and len(running) < count:
                    shard = left.pop()
                    running[pool.submit(run_shard, trial, seed, shard)] = shard
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def cluster(trial: "Trial", seed: int, shards: Sequence[Shard], scheduler: str) -> "Iterator[tuple[Shard, pa.Table]]":
    """Shards as they are finished, by the workers of a Dask scheduler; those of a worker that dies are solved again.

    Raises BadValue if the scheduler cannot be reached or Dask is not installed.
    """
    from ketamind.trials.run import run_shard

    client = _connect(scheduler)
    try:
        waiting = list(shards)[::-1]
        room = 2 * max(1, len(client.scheduler_info()["workers"]))
        running = {}
        for _ in range(min(room, len(waiting))):
            shard = waiting.pop()
            running[client.submit(run_shard, trial, seed, shard, pure=False, retries=RETRIES)] = shard
        queue = _finished(list(running))
        for future in queue:
            shard, table = running.pop(future), future.result()
            future.release()
            if waiting:
                following = waiting.pop()
                fresh = client.submit(run_shard, trial, seed, following, pure=False, retries=RETRIES)
                running[fresh] = following
                queue.add(fresh)
            yield shard, table
    finally:
        client.close()


def _finished(futures: list[Any]) -> Any:
    import distributed

    as_completed: Any = distributed.as_completed
    return as_completed(futures)


def _connect(scheduler: str) -> Any:
    try:
        import distributed
    except ImportError:
        raise BadValue("--scheduler needs Dask: install it with `pip install 'ketamind[cluster]'`.") from None
    try:
        client: Any = distributed.Client
        found = client(scheduler, timeout=CONNECT_S)
    except (OSError, ValueError, TimeoutError) as problem:
        raise BadValue(
            f"the scheduler at '{scheduler}' cannot be reached ({problem}). Start one with `dask scheduler`, "
            "or leave --scheduler out to use this machine."
        ) from None
    try:
        found.wait_for_workers(1, timeout=CONNECT_S)
    except (OSError, TimeoutError):
        found.close()
        raise BadValue(
            f"the scheduler at '{scheduler}' has no workers. Start some with `dask worker {scheduler}`."
        ) from None
    return found
