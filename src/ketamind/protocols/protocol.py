"""What is given, how and when: `Dose`, `Protocol`, and the single administrations that a simulation starts from."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ketamind.errors import BadValue, unknown_name
from ketamind.protocols.drugs import ROUTES, Drug, drug
from ketamind.protocols.quantities import AMOUNT_UNITS, AmountUnit, finite, plain_number, plain_time, within_limit
from ketamind.protocols.schedule import Schedule

LARGEST_MG_PER_KG = 500.0
HEAVIEST_KG = 350.0
MOST_ADMINISTRATIONS = 10_000
LARGEST = {"molarity": 1e5, "mass_in_volume": 1e6, "volume": 5e3, "dose": 100.0}
"""Largest amount by what the unit measures: uM, ng/mL, mL, doses."""

WHY_500 = (
    f"more than {LARGEST_MG_PER_KG:g} mg/kg at once is refused: for ketamine that is over a hundred anaesthetic doses, "
    "lethal in every species, and outside anything that the model was built on"
)


@dataclass(frozen=True)
class Event:
    """One administration of a drug, counted as base whatever the salt.

    `amount` is mg of base (`unit` "mg"), mL ("mL"), usual effective doses ("dose": `1 dose ssri`), or for a bath or a
    `target` the concentration in uM ("uM"; a drug without a molar mass keeps ng/mL). It is given evenly from `start_h`
    over `duration_h`: 0 is at once, infinity is to the end of the run. With `per_kg` the amount is still for one kg of
    body. With `held` it is a plasma concentration that a computer-controlled infusion keeps up.
    """

    drug: str
    route: str
    start_h: float
    duration_h: float
    amount: float
    unit: str
    per_kg: bool = False
    held: bool = False

    @property
    def stop_h(self) -> float:
        """When the administration ends."""
        return self.start_h + self.duration_h

    @property
    def moieties(self) -> Mapping[str, float]:
        """Amount of each tracked species: umol where the unit is mg (per kg if `per_kg`), uM where it is uM.

        >>> event = Dose("ketamine", 10, "mg", "iv").administrations()[0]
        >>> {name: round(umol, 2) for name, umol in event.moieties.items()}
        {'s_ketamine': 21.03, 'r_ketamine': 21.03}
        """
        given = drug(self.drug)
        molecules = self.amount if self.unit == "uM" else self.amount * 1000 / (given.molar_mass or math.inf)
        return {name: share * molecules for name, share in given.moieties.items()}

    def usual_doses(self, species: str, weight_kg: float) -> float:
        """How many usual effective doses this is, for drugs that are known by their effect and not by concentration.

        >>> Dose("ticlopidine", 250, "mg", "po").administrations()[0].usual_doses("human", 70)
        1.0

        Raises BadValue where no usual dose stands in the drug table.
        """
        given = drug(self.drug)
        if given.inert or self.unit == "dose":
            return 0.0 if given.inert else self.amount
        body = self.for_weight(weight_kg).amount
        if self.unit == "uM":
            key, amount = "bath_uM", self.amount
        elif self.route in ("icv", "local"):
            key, amount = "central_ug", body * 1000
        elif species == "human":
            key, amount = ("human_mL" if self.unit == "mL" else "human_mg"), body
        else:
            key, amount = "animal_mg_per_kg", body / weight_kg
        if key not in given.usual:
            raise BadValue(f"no usual dose of {self.drug} by {self.route} is known for {species} ({key}).")
        return amount / given.usual[key]

    def for_weight(self, weight_kg: float) -> "Event":
        """The same administration for a body of that weight. Raises BadValue if it exceeds 500 mg/kg."""
        if self.unit == "mg" and not self.per_kg and self.amount > LARGEST_MG_PER_KG * weight_kg:
            raise BadValue(
                f"{plain_number(self.amount)} mg {self.drug} is {self.amount / weight_kg:.4g} mg/kg "
                f"at {weight_kg:g} kg; {WHY_500}."
            )
        return replace(self, amount=self.amount * weight_kg, per_kg=False) if self.per_kg else self


@dataclass(frozen=True)
class Dose:
    """One drug by one route, with its repeats.

    `amount` is in `unit` (see `AMOUNT_UNITS`); with `target` it is the plasma concentration to hold. `duration_h` None
    means at once, or for a bath or a target to the end of the run. `at_h` counts from time 0, negative before it.

    >>> Dose("ketamine", 0.5, "mg/kg", "iv", duration_h=40 / 60).words()
    '0.5 mg/kg ketamine iv over 40 min'

    Raises UnknownName for a drug, route or unit that is not known; BadValue for an amount or time that cannot be.
    """

    drug: str
    amount: float
    unit: str
    route: str
    duration_h: float | None = None
    at_h: float = 0.0
    schedule: Schedule | None = None
    target: bool = False

    def __post_init__(self) -> None:
        given = drug(self.drug)
        if self.route not in ROUTES:
            raise unknown_name(self.route, "a route", ROUTES)
        if self.unit not in AMOUNT_UNITS:
            raise unknown_name(self.unit, "a unit of dose", AMOUNT_UNITS)
        if self.route not in given.routes:
            raise BadValue(f"{self.drug} is given {' or '.join(given.routes)}, not {self.route}.")
        _check_times(self)
        _check_unit_fits(self, given, AMOUNT_UNITS[self.unit])
        _check_amount(self, given, AMOUNT_UNITS[self.unit])

    @property
    def count(self) -> int:
        """How many administrations the dose makes."""
        return 1 if self.schedule is None else self.schedule.count

    def repeated(self, schedules: tuple[Schedule, ...]) -> "tuple[Dose, ...]":
        """The dose under each schedule, one phase after the other; itself without any."""
        phases, start_h = [], self.at_h
        for schedule in schedules:
            phases.append(replace(self, at_h=start_h, schedule=schedule))
            start_h += schedule.days * 24
        return tuple(phases) or (self,)

    def administrations(self) -> tuple[Event, ...]:
        """Each administration, without knowing the weight: mass per kg is marked `per_kg`."""
        unit = AMOUNT_UNITS[self.unit]
        given = drug(self.drug)
        amount, name = _amount(self, given, unit)
        open_ended = unit.measure in ("molarity", "mass_in_volume")
        duration_h = self.duration_h if self.duration_h is not None else (math.inf if open_ended else 0.0)
        offsets = (0.0,) if self.schedule is None else tuple(self.schedule.offsets_h())
        return tuple(
            Event(given.base, self.route, self.at_h + h, duration_h, amount, name, unit.per_kg, self.target)
            for h in offsets
        )

    def words(self) -> str:
        """The dose in the words of the grammar."""
        parts = ["target"] if self.target else []
        parts += [plain_number(self.amount), self.unit, self.drug, self.route]
        parts += [f"over {plain_time(self.duration_h)}"] if self.duration_h is not None else []
        parts += [self.schedule.words()] if self.schedule else []
        parts += [f"at {plain_time(self.at_h)}"] if self.at_h else []
        return " ".join(parts)


@dataclass(frozen=True)
class Protocol:
    """All doses of one arm; none at all is the drug-free protocol.

    >>> Protocol((Dose("esketamine", 84, "mg", "in"),)).words()
    '84 mg esketamine in'
    >>> Protocol().words()
    'none'

    Raises BadValue for more than 10,000 administrations.
    """

    doses: tuple[Dose, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "doses", tuple(self.doses))
        count = sum(dose.count for dose in self.doses)
        if count > MOST_ADMINISTRATIONS:
            raise BadValue(
                f"the protocol makes {count} administrations, and {MOST_ADMINISTRATIONS} are allowed: shorten it."
            )

    def __iter__(self) -> Iterator[Dose]:
        return iter(self.doses)

    @property
    def drugs(self) -> tuple[str, ...]:
        """Names of the drugs, in the order of first mention."""
        return tuple(dict.fromkeys(dose.drug for dose in self.doses))

    @property
    def routes(self) -> tuple[str, ...]:
        """Routes, in the order of first mention."""
        return tuple(dict.fromkeys(dose.route for dose in self.doses))

    @property
    def first_h(self) -> float:
        """Start of the first administration, 0 without any."""
        return min((dose.at_h for dose in self.doses), default=0.0)

    @property
    def last_h(self) -> float:
        """End of the last administration that ends by itself, 0 without any."""
        ends = (e.stop_h if math.isfinite(e.duration_h) else e.start_h for e in self.administrations())
        return max(ends, default=0.0)

    def administrations(self) -> tuple[Event, ...]:
        """Every administration in order of time; mass per kg is marked `per_kg`, so one list serves all weights."""
        events = (event for dose in self.doses for event in dose.administrations())
        return tuple(sorted(events, key=lambda event: event.start_h))

    def events(self, weight_kg: float, until_h: float = math.inf) -> tuple[Event, ...]:
        """Every administration that starts before `until_h`, for a body of that weight.

        >>> [(e.start_h, e.amount) for e in Protocol((Dose("ketamine", 0.5, "mg/kg", "iv"),)).events(80)]
        [(0.0, 40.0)]

        Raises BadValue for more than 500 mg/kg at once.
        """
        if finite(weight_kg, "the weight") <= 0:
            raise BadValue(f"the weight must be over 0 kg, and {weight_kg:g} is not.")
        return tuple(e.for_weight(weight_kg) for e in self.administrations() if e.start_h < until_h)

    def words(self) -> str:
        """The protocol in the words of the grammar."""
        return " + ".join(dose.words() for dose in self.doses) or "none"


def _amount(dose: Dose, given: Drug, unit: AmountUnit) -> tuple[float, str]:
    if unit.measure == "molarity":
        return dose.amount * unit.scale, "uM"
    if unit.measure == "mass_in_volume":
        base = dose.amount * unit.scale * given.salt_fraction
        return (base / given.molar_mass, "uM") if given.molar_mass else (base, "ng/mL")
    if unit.measure == "volume":
        return dose.amount, "mL"
    if unit.measure == "dose" and (given.moieties or given.inert):
        return dose.amount * (given.usual_daily or 0.0), "mg"
    if unit.measure == "dose":
        return dose.amount * given.usual.get("per_day", 1), "dose"
    hours = (dose.duration_h or 0.0) * unit.per_h if unit.per_h else 1.0
    return dose.amount * unit.scale * hours * given.salt_fraction, "mg"


def _check_times(dose: Dose) -> None:
    end_h = within_limit(dose.at_h, "the time of the dose")
    if dose.duration_h is not None:
        if within_limit(dose.duration_h, "the duration") <= 0:
            raise BadValue(
                f"a dose over {plain_time(dose.duration_h)} is impossible: the duration must be over 0; "
                "leave `over` out for a dose at once."
            )
        end_h += dose.duration_h
    if dose.schedule is not None:
        end_h += dose.schedule.days * 24
    within_limit(end_h, "the end of dosing")


def _check_unit_fits(dose: Dose, given: Drug, unit: AmountUnit) -> None:
    written = f"{plain_number(finite(dose.amount, 'the amount'))} {dose.unit} {dose.drug} {dose.route}"
    concentration = unit.measure in ("molarity", "mass_in_volume")
    if dose.target and not (concentration and dose.route == "iv"):
        raise BadValue(
            f"'target {written}' cannot be held: a target is a plasma concentration by iv, "
            "such as `target 200 ng/mL ketamine iv over 60 min`."
        )
    if concentration and not dose.target and dose.route not in ("bath", "local"):
        raise BadValue(
            f"'{written}' is a concentration, which is given by bath or local; "
            f"to hold it in plasma write `target {plain_number(dose.amount)} {dose.unit} {dose.drug} iv`."
        )
    if dose.route == "bath" and not concentration:
        raise BadValue(f"'{written}': a bath is a concentration, such as `10 uM {dose.drug} bath`.")
    if unit.per_h and dose.duration_h is None:
        raise BadValue(f"'{written}' is a rate: say for how long, such as `over 60 min`.")
    if unit.measure == "dose" and given.usual_daily is None:
        raise BadValue(f"'{written}': {dose.drug} has no usual daily dose; give the amount, such as in mg/kg.")
    if given.measure != "any" and unit.measure != "dose" and (unit.measure == "volume") != (given.measure == "volume"):
        raise BadValue(f"'{written}': {dose.drug} is given in {'mL' if given.measure == 'volume' else 'mg or mg/kg'}.")


def _check_amount(dose: Dose, given: Drug, unit: AmountUnit) -> None:
    written = f"{plain_number(dose.amount)} {dose.unit} {dose.drug}"
    if dose.amount < 0:
        raise BadValue(f"'{written}' is negative: an amount must be over 0.")
    if dose.amount == 0 and not given.inert:
        raise BadValue(f"'{written}' is no drug: an arm without drug is `0 mg placebo {dose.route}` or `none`.")
    if unit.measure in LARGEST and dose.amount * unit.scale > LARGEST[unit.measure]:
        most = plain_number(LARGEST[unit.measure] / unit.scale)
        raise BadValue(f"'{written}' is beyond anything that is given: at most {most} {dose.unit} is allowed.")
    amount, name = _amount(dose, given, unit)
    if name == "mg" and amount > LARGEST_MG_PER_KG * (1.0 if unit.per_kg else HEAVIEST_KG):
        raise BadValue(f"'{written}' cannot be simulated: {WHY_500}.")
