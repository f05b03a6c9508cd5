"""What `ketamind cortex` does: from the words of the command line to a simulated cortex."""

from dataclasses import dataclass

from ketamind.cortex.couple import SWITCHES, Cortex, Options, check_options, cortex
from ketamind.cortex.simulate import Progress
from ketamind.errors import BadValue

DEFAULT_DRUG, DEFAULT_UM = "ketamine", 1.0


@dataclass(frozen=True)
class CortexRequest:
    """A protocol and a moment of it, or a drug and its free concentration in the brain, uM.

    Names in `without` are mechanisms of the chain where there is a protocol; those that the cortex knows too
    (`couple.SWITCHES`) are switched off in both.
    """

    protocol: str = ""
    at: str = "40 min"
    drug: str = ""
    uM: float | None = None  # noqa: N815
    without: tuple[str, ...] = ()
    protect: tuple[str, ...] = ()
    hypothesis: str = "chain"
    potentials: str = "assumed"
    state: str = ""
    network: str = "starting"
    cells: int = 1000
    seconds: float = 3.0
    seed: int = 1

    @property
    def options(self) -> Options:
        return Options(
            cells=self.cells,
            seconds=self.seconds,
            seed=self.seed,
            network=self.network,
            hypothesis=self.hypothesis,
            protect=frozenset(self.protect),
            without=tuple(n for n in self.without if n in SWITCHES or not self.protocol),
            potentials=self.potentials,
            state=self.state,
        )


def perform(request: CortexRequest, progress: Progress | None = None) -> Cortex:
    """The simulated cortex. Raises KetamindError for whatever cannot be simulated, before anything runs."""
    check_options(request.options)
    if request.protocol and (request.drug or request.uM is not None):
        raise BadValue("give either a protocol, or a drug and its concentration (--drug, --uM), not both.")
    if request.protocol:
        return cortex(simulate_protocol(request), request.at, request.options, progress)
    uM = DEFAULT_UM if request.uM is None else request.uM
    return cortex({request.drug or DEFAULT_DRUG: uM}, options=request.options, progress=progress)


def simulate_protocol(request: CortexRequest) -> object:
    """A run of the protocol until a day after the moment."""
    from ketamind.simulation.observe import time_in_hours
    from ketamind.simulation.simulate import simulate
    from ketamind.simulation.who import protocol_from

    time_h = time_in_hours(request.at)
    if time_h < 0:
        raise BadValue(f"'{request.at}' lies before the first dose: give a time from 0 h on.")
    given, times = protocol_from(request.protocol), sorted({0.0, time_h, time_h + 24})
    return simulate(given, days=time_h / 24 + 2, times_h=times, without=request.without)
