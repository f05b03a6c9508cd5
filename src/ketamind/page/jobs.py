"""Work that takes longer than a blink: begun, watched, stopped, and forgotten after a while.

A job is known by a token that only its browser has. Stopping sets a flag and answers at once; the work looks at the
flag between its parts, and keeps what is done. Work that nobody asks after any more stops by itself.
"""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

from ketamind.errors import BadValue, KetamindError

AT_ONCE = 3
MOST_WAITING = 40
KEPT_S, MOST_KEPT = 600.0, 200
ABANDONED_S = 20.0


class Stopped(Exception):
    """Raised inside work that reports its progress, when its browser has asked it to stop."""


@dataclass
class Job:
    """One piece of work: how far it is, and what came of it."""

    token: str
    stop: Event = field(default_factory=Event)
    state: str = "waiting"
    done: int = 0
    total: int = 0
    result: Any = None
    error: str = ""
    begun_s: float = field(default_factory=time.monotonic)
    asked_s: float = field(default_factory=time.monotonic)
    ended_s: float | None = None

    def advance(self, done: int, total: int) -> None:
        """So many parts of so many are done."""
        self.done, self.total = done, total
        if time.monotonic() - self.asked_s > ABANDONED_S:
            self.stop.set()

    def as_json(self) -> dict[str, Any]:
        """What the browser is told; the result is there once the work has ended."""
        self.asked_s = time.monotonic()
        ended = self.ended_s if self.ended_s is not None else time.monotonic()
        told = {"job": self.token, "state": self.state, "done": self.done, "total": self.total}
        told |= {"seconds": round(ended - self.begun_s, 3), "error": self.error}
        return told | ({"result": self.result} if self.result is not None else {})


@dataclass
class Jobs:
    """All jobs of a server: a few run at once, and the others wait.

    Ended ones are forgotten after ten minutes, or sooner if they are many.
    """

    known: dict[str, Job] = field(default_factory=dict)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, "ketamind-job"))
    lock: Lock = field(default_factory=Lock)

    def begin(self, work: Callable[[Job], Any]) -> Job:
        """Begin the work, or let it wait for its turn. Raises BadValue if too much is waiting already."""
        with self.lock:
            self._forget()
            if sum(j.ended_s is None for j in self.known.values()) >= MOST_WAITING:
                raise BadValue(f"{MOST_WAITING} pieces of work are waiting already. Try again in a minute.")
            job = Job(secrets.token_urlsafe(16))
            self.known[job.token] = job
        self.pool.submit(self._run, job, work)
        return job

    def find(self, token: str) -> Job:
        """The job of that token. Raises BadValue if there is none, or no longer."""
        found = self.known.get(token)
        if found is None:
            raise BadValue("this work is not known here, or ended more than ten minutes ago. Run it again.")
        return found

    def stop(self, token: str) -> Job:
        """Ask the work to stop; it keeps what is done."""
        job = self.find(token)
        job.stop.set()
        if job.state == "waiting":
            job.state = "stopped"
        return job

    def close(self) -> None:
        """Stop everything, when the server ends."""
        for job in self.known.values():
            job.stop.set()
        self.pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: Job, work: Callable[[Job], Any]) -> None:
        try:
            if not job.stop.is_set():
                job.state = "running"
                job.result = work(job)
            job.state = "stopped" if job.stop.is_set() else "done"
        except KetamindError as problem:
            job.state, job.error = "failed", str(problem)
        except Exception as problem:  # noqa: BLE001  whatever went wrong is told to who asked, and the server goes on
            job.state, job.error = "failed", f"this could not be computed ({type(problem).__name__})."
        job.ended_s = time.monotonic()

    def _forget(self) -> None:
        now = time.monotonic()
        ended = {t: j.ended_s for t, j in self.known.items() if j.ended_s is not None}
        old = [t for t, end in ended.items() if now - end > KEPT_S]
        crowded = sorted(ended, key=lambda t: ended[t])[: max(0, len(ended) - MOST_KEPT)]
        for token in {*old, *crowded}:
            del self.known[token]
