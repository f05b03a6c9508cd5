"""One call for every engine: check the batch, solve it, and say how each patient fared."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from ketamind.declare import Model
from ketamind.engine.batch import Batch, Options, Solution, Task, prepare
from ketamind.errors import BadValue

DEFAULTS = Options()


def solve(model: Model, batch: Batch, options: Options = DEFAULTS) -> Solution:
    """Solve a batch of patients.

    Returns a Solution: values (n_times, n_patients, n_observables), final states and a status a patient; a patient
    that cannot be solved is a status, not an exception. Raises UnknownName or BadValue for a malformed batch.
    """
    check(options)
    task = prepare(model, batch)

    def told(done: int) -> None:
        report(options, done, task.patients)

    return run(task, options, told)


def run(task: Task, options: Options, told: Callable[[int], None]) -> Solution:
    """Solve a task that was checked, by the engine chosen."""
    if options.engine == "oracle":
        from ketamind.engine.oracle import solve_with_scipy

        return solve_with_scipy(task, options, told)
    from ketamind.engine.compiled import solve_compiled

    return solve_compiled(task, options, told)


def stream(
    model: Model,
    batch_of: Callable[[int, int], Batch],
    patients: int,
    options: Options = DEFAULTS,
    size: int = 4096,
) -> Iterator[Solution]:
    """Solve any number of patients in flat memory, `size` at a time.

    `batch_of(first, end)` gives the batch of patients `first` to `end - 1`; their solutions come in that order, to
    be reduced or written as they come.
    """
    for first in range(0, patients, size):
        end = min(first + size, patients)
        told = options.progress
        shifted = None if told is None else partial(_shifted, told, first, patients)
        yield solve(model, batch_of(first, end), replace(options, progress=shifted))


def _shifted(told: Callable[[int, int], None], first: int, patients: int, done: int, total: int) -> None:
    told(first + done, patients)


def report(options: Options, done: int, total: int) -> None:
    """Tell whoever wants to know how far the solve is."""
    if options.progress is not None:
        options.progress(done, total)


def check(options: Options) -> None:
    """Raise BadValue for options outside what is allowed."""
    if not 1e-13 <= options.rtol <= 0.1:
        raise BadValue(f"rtol={options.rtol:g} must be within 1e-13 to 0.1.")
    if options.engine not in ("compiled", "oracle"):
        raise BadValue(f"engine='{options.engine}' must be 'compiled' or 'oracle'.")
    if options.threads is not None and options.threads < 1:
        raise BadValue(f"threads={options.threads} must be at least 1.")
    if options.max_steps < 1 or not options.rest_h > 0:
        raise BadValue("max_steps and rest_h must be positive.")
