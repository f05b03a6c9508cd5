"""A cortical network as data: cell types, wiring, synapses, drive; read from TOML and checked.

Size. `probability` is that of a pair at `reference_cells`; with any other number of cells the mean in-degree of every
projection is kept (probability times reference over size) and weights stay as they are, so that each cell receives
the same statistics of input at 1,000 and at 100,000 cells.
"""

import tomllib
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ketamind.errors import BadFile, BadValue, unknown_name

CELL_TYPES = ("pyramidal", "pv", "sst", "vip")
FEWEST_CELLS, MOST_CELLS = 1_000, 10_000_000
BLIND = "blind_"
SHIPPED = Path(__file__).parent.parent / "data" / "cortex"

CellType = Literal["pyramidal", "pv", "sst", "vip"]


class Part(BaseModel):
    """A frozen piece of a network; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Magnesium(Part):
    """Voltage-dependent block 1/(1 + k exp(-gamma V)); k has the magnesium concentration in it, gamma is per mV."""

    k: float = Field(gt=0)
    gamma: float = Field(gt=0)


class Nmda(Part):
    """NMDA receptors of one site: their magnesium block, and the tonic conductance nS (0 at synapses)."""

    magnesium: Magnesium
    conductance: float = Field(default=0.0, ge=0)


class Drive(Part):
    """Independent Poisson input: events Hz, AMPA jump nS, NMDA jump over AMPA jump, share phi that follows the
    network's own pyramidal rate (the rest of cortex as a loop)."""

    rate: float = Field(ge=0, le=1e5)
    weight: float = Field(ge=0)
    nmda_ratio: float = Field(ge=0)
    feedback: float = Field(default=0.0, ge=0, lt=1)


class AfterDepolarisation(Part):
    """Current added at each spike, pA; SST conductance onto the cell shuts it off by 1/(1 + (g/half)**2)."""

    current: float = Field(ge=0)
    decay: float = Field(gt=0)
    half_conductance: float = Field(gt=0)


class Cells(Part):
    """Adaptive exponential cells of one type (pF, nS, mV, ms, pA) and what they receive."""

    share: float = Field(gt=0, le=1)
    C: float = Field(gt=0)
    g_L: float = Field(gt=0)  # noqa: N815
    E_L: float
    V_T: float
    delta_T: float = Field(gt=0)  # noqa: N815
    a: float
    tau_w: float = Field(gt=0)
    b: float
    V_r: float
    t_ref: float = Field(ge=0)
    nmda_ratio: float = Field(ge=0, description="NMDA jump over AMPA jump of recurrent synapses")
    gaba_a_decay: dict[CellType, float]
    synaptic: Nmda
    tonic: Nmda
    drive: Drive
    after_depolarisation: AfterDepolarisation | None = None


class ShortTerm(Part):
    """Tsodyks-Markram plasticity: release probability and time constants, ms (0 = none)."""

    U: float = Field(gt=0, le=1)
    tau_rec: float = Field(ge=0)
    tau_fac: float = Field(ge=0)


class Projection(Part):
    """Synapses from one type to another: AMPA weight from pyramidal cells, GABA-A from others, nS."""

    source: CellType
    target: CellType
    probability: float = Field(ge=0, le=1)
    weight: float = Field(ge=0)
    gaba_b_weight: float = Field(default=0.0, ge=0)
    delay: float = Field(gt=0)
    short_term: ShortTerm | None = None

    @property
    def name(self) -> str:
        return f"{self.target}<-{self.source}"


class Synapses(Part):
    """Time constants ms and reversal potentials mV common to all cells; excitation reverses at 0 mV."""

    ampa_decay: float = Field(gt=0)
    nmda_rise: float = Field(gt=0)
    nmda_decay: float = Field(gt=0)
    gaba_a_reversal: float
    gaba_b_rise: float = Field(gt=0)
    gaba_b_decay: float = Field(gt=0)
    gaba_b_reversal: float


class Fluctuation(Part):
    """Slow common fluctuation of all external drive: relative sd, correlation time ms."""

    sd: float = Field(default=0.0, ge=0)
    tau: float = Field(default=50.0, gt=0)


class Network(Part):
    """A whole network; `cells` in the order pyramidal, pv, sst, vip."""

    name: str
    summary: str
    source: str
    reference_cells: int = Field(ge=100)
    step: float = Field(gt=0, le=0.5, description="time step, ms")
    peak: float = Field(description="potential that counts as a spike, mV")
    start: tuple[float, float] = Field(description="initial potentials, uniform between these, mV")
    synapses: Synapses
    fluctuation: Fluctuation = Fluctuation()
    cells: dict[CellType, Cells]
    projections: tuple[Projection, ...]

    @model_validator(mode="after")
    def parts_fit(self) -> "Network":
        names = list(self.cells)
        if not names or names[0] != "pyramidal" or names != [t for t in CELL_TYPES if t in names]:
            raise ValueError(f"cells must be given in the order {', '.join(CELL_TYPES)}, starting with pyramidal")
        if abs(sum(c.share for c in self.cells.values()) - 1) > 1e-6:
            raise ValueError("shares of the cell types must sum to 1")
        for p in self.projections:
            if p.source not in names or p.target not in names:
                raise ValueError(f"projection {p.name} names a cell type that the network does not have")
        if len({p.name for p in self.projections}) < len(self.projections):
            raise ValueError("two projections join the same pair of cell types")
        return self

    @cached_property
    def types(self) -> tuple[str, ...]:
        return tuple(self.cells)

    def counts(self, cells: int) -> dict[str, int]:
        """Cells of each type in a network of this size; rounding goes to the pyramidal cells."""
        n: dict[str, int] = {name: max(1, round(c.share * cells)) for name, c in self.cells.items()}
        n["pyramidal"] += cells - sum(n.values())
        return n

    def probability(self, projection: Projection, cells: int) -> float:
        """Probability of a pair that keeps the mean in-degree of the reference size."""
        return projection.probability * self.reference_cells / cells

    def synapse_count(self, cells: int) -> float:
        """Expected number of synapses."""
        n = self.counts(cells)
        return sum(self.probability(p, cells) * n[p.source] * n[p.target] for p in self.projections)


def read_network(name_or_file: str | Path) -> Network:
    """A shipped network by name, one of the blind ensemble (`blind_9`), or one from a TOML file.

    Raises BadFile naming file and key, or UnknownName.
    """
    path = Path(name_or_file)
    if str(name_or_file).startswith(BLIND) and path.suffix != ".toml":
        from ketamind.cortex.verdict import blind_network

        return blind_network(str(name_or_file))
    if path.suffix != ".toml":
        path = SHIPPED / f"{name_or_file}.toml"
        if not path.is_file():
            hint = f"Or give a TOML file, or a network of the blind ensemble, such as {BLIND}9."
            raise unknown_name(str(name_or_file), "a network", shipped_networks(), hint)
    try:
        return Network.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as e:
        raise BadFile(f"{path}: cannot be read ({e.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise BadFile(f"{path}: not valid TOML: {e}.") from None
    except ValidationError as e:
        raise BadFile(f"{path}: {first_fault(e)}") from None


def first_fault(error: ValidationError) -> str:
    """The first thing wrong with a network, where it stands, and how many more there are."""
    fault, more = error.errors()[0], error.error_count() - 1
    place = ".".join(str(part) for part in fault["loc"]) or "network"
    given = "" if isinstance(fault["input"], dict) else f" (given: {fault['input']!r})"
    return f"'{place}': {fault['msg']}{given}." + (f" {more} more faults follow." if more else "")


def shipped_networks() -> list[str]:
    return sorted(p.stem for p in SHIPPED.glob("*.toml"))


def check_size(network: Network, cells: int) -> None:
    """Refuse a size at which the network's statistics cannot be kept."""
    if not FEWEST_CELLS <= cells <= MOST_CELLS:
        need = f" (about {memory_estimate(network, cells) / 1e9:,.0f} GB)" if cells > MOST_CELLS else ""
        raise BadValue(
            f"{cells:,} cells{need} is outside what can be simulated: {FEWEST_CELLS:,} to {MOST_CELLS:,}. "
            f"Try 1,000 to 100,000."
        )
    for p in network.projections:
        if network.probability(p, cells) > 1:
            raise BadValue(
                f"{cells:,} cells are too few for '{network.name}': projection {p.name} needs more partners than "
                f"there are. Use at least {int(p.probability * network.reference_cells) + 1:,} cells."
            )


def memory_estimate(network: Network, cells: int, seconds: float = 0.0) -> float:
    """Bytes that a simulation and its recording hold.

    68 a cell for state and keys, 68 for its delay line, 4 a synapse, 8 a spike (20 Hz), 56 a cell type and ms.
    """
    n = network.counts(cells)
    starts = sum(8.0 * n[p.source] for p in network.projections)
    recorded = 8.0 * 20 * cells * seconds + 56e3 * len(n) * seconds
    return 136.0 * cells + starts + 4.0 * network.synapse_count(cells) + recorded
