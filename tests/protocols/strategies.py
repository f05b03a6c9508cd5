"""Random protocols for property tests."""

from hypothesis import strategies as st

from ketamind.protocols import Dose, Protocol, Schedule, drugs
from ketamind.protocols.quantities import AMOUNT_UNITS

SYSTEMIC = ("iv", "im", "sc", "in", "po", "sl", "ip", "icv")

schedules = st.one_of(
    st.none(),
    st.builds(
        Schedule,
        times=st.integers(1, 4),
        period_days=st.sampled_from([1, 7]),
        span_days=st.one_of(st.none(), st.integers(1, 100)),
    ),
    st.builds(Schedule, times=st.just(1), period_days=st.integers(1, 60), span_days=st.integers(1, 400)),
)
times_h = st.one_of(
    st.floats(-1000, 1000, allow_nan=False, allow_infinity=False),
    st.integers(-600, 600).map(lambda minutes: minutes / 60),
)
durations_h = st.one_of(
    st.none(), st.floats(1e-6, 100), st.integers(1, 600).map(lambda minutes: minutes / 60), st.just(24.0)
)


@st.composite
def doses(draw: st.DrawFn) -> Dose:
    unit = draw(st.sampled_from(sorted(AMOUNT_UNITS.values(), key=lambda u: u.name)))
    concentration = unit.measure in ("molarity", "mass_in_volume")
    target = concentration and draw(st.booleans())
    route = "iv" if target else draw(st.sampled_from(("bath", "local") if concentration else SYSTEMIC))
    fits = [
        d.name
        for d in drugs().values()
        if route in d.routes
        and (d.measure == "any" or (d.measure == "volume") == (unit.measure == "volume") or unit.measure == "dose")
        and (unit.measure != "dose" or d.usual_daily is not None)
    ]
    duration = draw(st.floats(1e-6, 2.0) if unit.per_h else durations_h)
    return Dose(
        drug=draw(st.sampled_from(fits)),
        amount=draw(st.floats(1e-6, 3.0)),
        unit=unit.name,
        route=route,
        duration_h=duration,
        at_h=draw(times_h),
        schedule=draw(schedules),
        target=target,
    )


protocols = st.lists(doses(), max_size=4).map(lambda found: Protocol(tuple(found)))
