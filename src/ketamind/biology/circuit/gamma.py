"""Oscillations: spectrum of the linearised pyramidal-PV-SST circuit at its working point.

    (1 + i w tau_a) r_a = g_a (K_a L_a r_E - sum_b W_ab / (1 + i w t_b) r_b + X_a L_a eta_a)
    L_a = ampa_a (1 - n_a) / (1 + i w t_A) + n_a b_a / (1 + i w t_N)
    field = K_E L_E r_E + sum_b W_Eb / (1 + i w t_b) r_b + X_E L_E eta_E
    P(f) = sum_a |field per eta_a|**2
    band = sum_f f**-chi P(f) / sum_f f**-chi P_rest(f)
    peak = sqrt(((1 - J_EE) (1 + J_PP) + J_EP J_PE) / ((tau_E + t_A) (tau_P + t_P))) / 2 pi
    exponent = chi - log(P(100 Hz) / P_rest(100 Hz) * P_rest(20 Hz) / P(20 Hz)) / log(100 / 20)
    evoked gamma = |field per eta_E| / the same at rest, at 40 Hz

g_a is the slope of the rate curve at the present rate, K_a the weight of pyramidal cells per Hz, W_ab that of
inhibitory ones, X_a the external drive, all as in rates.py, with plasticity, stress and modulators. Fast fluctuations
meet synapses at the efficacy that the mean rate has set. The field is the sum of excitatory and inhibitory currents
of pyramidal cells; noise eta is unmodelled input, white, in fixed proportion to external drive, on a background
f**-chi that no drug moves. Lags t stand for synaptic decay plus delay. VIP cells are left out (slow and few). The peak
is the natural frequency of the pyramidal-PV pair with each synaptic lag lumped into the cell that causes it, and J the
AMPA and GABA loop gains. Ratios are 1 at healthy rest. Only what the linearisation holds is claimed: slow rhythms of
thalamus and of the cortex as a whole are not in it.
Source: ahmadian-2013 (linearisation of such circuits); lags: see the table.
"""

from types import SimpleNamespace
from typing import Any

from numpy import exp, log, maximum, sqrt

from ketamind.biology.circuit.linear_response import Complex, Row, low_pass, read_powers
from ketamind.biology.circuit.transfer import efficacy, gain
from ketamind.declare import Component, Input, Output, Parameter

TWO_PI = 6.283185307179586
CELLS = {"e": "pyramidal", "p": "pv", "s": "sst"}
Point = dict[str, SimpleNamespace]

FACTORS = ("ampa", "spine", "phasic", "gaba_gain", "sst_output", "ascending", "nmda_e", "nmda_p", "nmda_s")
"""Inputs that multiply a weight and are 1 at rest."""

OWN = {
    "rest": ("Hz", "resting rate"),
    "r_max": ("Hz", "highest rate"),
    "tau": ("h", "membrane time constant"),
    "V_rest": ("mV", "mean potential"),
    "E_L": ("mV", "potential without synaptic input"),
    "rho": ("1", "share of phasic excitation from the column"),
    "n": ("1", "NMDA share of phasic excitatory charge"),
    "T": ("mV", "depolarisation by tonic NMDA current"),
    "W_pv": ("mV/Hz", "hyperpolarisation per Hz of PV cells"),
    "W_sst": ("mV/Hz", "hyperpolarisation per Hz of SST cells"),
    "W_vip": ("mV/Hz", "hyperpolarisation per Hz of VIP cells"),
    "c_e": ("1", "short-term plasticity of pyramidal synapses"),
}
"""Parameters that each cell type has for itself, as in rates.py."""


def at_rest(p: Any) -> SimpleNamespace:
    """What the circuit is given in a healthy brain without drug."""
    rates = {f"r_{a}": getattr(p, f"rest_{a}") for a in CELLS}
    return SimpleNamespace(**rates, **dict.fromkeys(FACTORS, 1.0))


def working_point(u: Any, p: Any) -> Point:
    """Gain (Hz/mV) of each cell type and the weights (mV/Hz) of its inputs at the present rates."""
    return {a: cell_at(u, p, a) for a in CELLS}


def cell_at(u: Any, p: Any, a: str) -> SimpleNamespace:
    own = SimpleNamespace(**{symbol: getattr(p, f"{symbol}_{a}") for symbol in OWN})
    total = own.V_rest - own.E_L + own.W_pv * p.rest_p + own.W_sst * p.rest_s + own.W_vip * p.rest_v - own.T
    spine, ampa = (u.spine, u.ampa) if a == "e" else (1.0, 1.0)
    return SimpleNamespace(
        tau=own.tau,
        gain=gain(getattr(u, f"r_{a}"), own.rest, p.k, own.r_max),
        ampa=u.phasic * spine * ampa * (1 - own.n),
        nmda=u.phasic * spine * getattr(u, f"nmda_{a}") * own.n,
        local=own.rho * total / p.rest_e * efficacy(u.r_e / p.rest_e, own.c_e),
        outside=(1 - own.rho) * total * u.ascending,
        pv=own.W_pv * u.gaba_gain * efficacy(u.r_p / p.rest_p, p.c_pv),
        sst=own.W_sst * u.gaba_gain * u.sst_output * efficacy(u.r_s / p.rest_s, p.c_sst),
    )


def field_powers(point: Point, p: Any, f: Any) -> tuple[Any, Any, Any]:
    """Squared field per unit of noise to pyramidal, PV and SST cells, mV**2, at frequency f (1/h)."""
    w = TWO_PI * f
    lags = SimpleNamespace(
        ampa=low_pass(w * p.lag_ampa),
        nmda=low_pass(w * p.lag_nmda),
        pv=low_pass(w * p.lag_pv),
        sst=low_pass(w * p.lag_sst),
    )
    e, v, s = point["e"], point["p"], point["s"]
    field = (excitation(e, lags).times(e.local), lags.pv.times(e.pv), lags.sst.times(e.sst))
    rows = [matrix_row(own, lags, w, place) for place, own in enumerate((e, v, s))]
    powers = read_powers((rows[0], rows[1], rows[2]), field, Complex(1 / e.gain))
    noise = [(own.gain * own.outside) ** 2 * excitation(own, lags).power for own in (e, v, s)]
    return powers[0] * noise[0], powers[1] * noise[1], powers[2] * noise[2]


def excitation(own: SimpleNamespace, lags: SimpleNamespace) -> Complex:
    """Response of a cell type's excitatory synapses, AMPA and NMDA together."""
    ampa: Complex = lags.ampa.times(own.ampa)
    nmda: Complex = lags.nmda.times(own.nmda)
    return ampa + nmda


def matrix_row(own: SimpleNamespace, lags: SimpleNamespace, w: Any, place: int) -> Row:
    """One row of the linear system: what the rate is, less what the three rates do to it."""
    row = [
        excitation(own, lags).times(-own.gain * own.local),
        lags.pv.times(own.gain * own.pv),
        lags.sst.times(own.gain * own.sst),
    ]
    row[place] = row[place] + Complex(1.0, w * own.tau)
    return row[0], row[1], row[2]


def natural_frequency(point: Point, p: Any) -> Any:
    """Undamped frequency, 1/h, of the pyramidal-PV pair."""
    e, v = point["e"], point["p"]
    pair = e.gain * e.pv * v.gain * v.ampa * v.local
    restoring = (1 - e.gain * e.ampa * e.local) * (1 + v.gain * v.pv) + pair
    return sqrt((maximum(restoring, 0) + 1e-9) / ((e.tau + p.lag_ampa) * (v.tau + p.lag_pv))) / TWO_PI


def band(now: list[Any], rest: list[Any], frequencies: list[Any], chi: Any) -> Any:
    """Power of a band relative to rest, its frequencies weighted by the background."""
    weights = [exp(-chi * log(f / frequencies[0])) for f in frequencies]
    total = sum(weight * power for weight, power in zip(weights, now, strict=True))
    return total / sum(weight * power for weight, power in zip(weights, rest, strict=True))


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    here, healthy = working_point(u, p), working_point(at_rest(p), p)
    f = {name: getattr(p, f"f_{name}") for name in FREQUENCIES}
    now = {name: field_powers(here, p, f[name]) for name in f}
    rest = {name: field_powers(healthy, p, f[name]) for name in f}
    power = {name: sum(now[name]) / sum(rest[name]) for name in f}
    gamma = ("low_gamma", "mid_gamma", "high_gamma")
    whole = band([sum(now[n]) for n in gamma], [sum(rest[n]) for n in gamma], [f[n] for n in gamma], p.chi)
    slope = log(power["top"] / power["beta"]) / log(p.f_top / p.f_beta)
    single = {f"power_{name}": power[name] for name in BANDS}
    return {
        **single,
        "power_gamma": whole,
        "gamma_peak_frequency": p.cycle * natural_frequency(here, p),
        "aperiodic_exponent": p.chi - slope,
        "evoked_gamma": sqrt(now["low_gamma"][0] / rest["low_gamma"][0]),
    }


BANDS = {
    "delta": "1-4 Hz",
    "theta": "4-8 Hz",
    "alpha": "8-13 Hz",
    "beta": "13-30 Hz",
    "low_gamma": "30-50 Hz",
    "high_gamma": "50-90 Hz",
}
FREQUENCIES = (*BANDS, "mid_gamma", "top")

GAMMA = Component(
    name="cortical_spectrum",
    summary="Spectrum of the linearised pyramidal-PV-SST circuit at its working point",
    inputs=(
        *(Input(f"r_{a}", "Hz", f"rate of {cell} cells", wire=f"rate_{cell}") for a, cell in CELLS.items()),
        *(
            Input(f"nmda_{a}", "1", "synaptic NMDA conductance left", wire=f"nmda_synaptic_{cell}", absent=1.0)
            for a, cell in CELLS.items()
        ),
        Input("ascending", "1", "drive from thalamus and brain stem", wire="ascending_drive", absent=1.0),
        Input("ampa", "1", "AMPA conductance on pyramidal cells", wire="ampa_pyramidal", absent=1.0),
        Input("spine", "1", "input through spines", wire="spine_input", absent=1.0),
        Input("phasic", "1", "excitatory conductance per spike", wire="phasic_excitation", absent=1.0),
        Input("gaba_gain", "1", "GABA-A conductance per release", absent=1.0),
        Input("sst_output", "1", "strength of SST synapses", absent=1.0),
    ),
    parameters=(
        *(
            Parameter(f"{symbol}_{a}", unit, f"{meaning}, {cell}", f"circuit.{symbol}_{cell}")
            for a, cell in CELLS.items()
            for symbol, (unit, meaning) in OWN.items()
        ),
        *(
            Parameter(f"f_{name}", "1/h", f"frequency that stands for {name}", f"circuit.f_{name}")
            for name in FREQUENCIES
        ),
        Parameter("rest_v", "Hz", "resting rate of VIP cells", "circuit.rest_vip"),
        Parameter("k", "Hz/mV**2", "gain of the power law", "circuit.k"),
        Parameter("c_pv", "1", "short-term plasticity of PV synapses", "circuit.c_pv"),
        Parameter("c_sst", "1", "short-term plasticity of SST synapses", "circuit.c_sst"),
        Parameter("lag_ampa", "h", "decay and delay of AMPA currents", "circuit.lag_ampa"),
        Parameter("lag_nmda", "h", "decay of NMDA currents", "circuit.lag_nmda"),
        Parameter("lag_pv", "h", "decay and delay of GABA currents from PV cells", "circuit.lag_pv"),
        Parameter("lag_sst", "h", "decay and delay of GABA currents from SST cells", "circuit.lag_sst"),
        Parameter("chi", "1", "exponent of the aperiodic background", "circuit.chi"),
        Parameter("cycle", "Hz*h", "one cycle per second times one second", "circuit.cycle"),
    ),
    outputs=(
        *(
            Output(f"power_{name}", "1", f"{where} power of the field, relative to rest")
            for name, where in BANDS.items()
        ),
        Output("power_gamma", "1", "30-80 Hz power of the field, relative to rest"),
        Output("gamma_peak_frequency", "Hz", "natural frequency of the pyramidal-PV loop"),
        Output("aperiodic_exponent", "1", "exponent of the spectrum from 20 to 100 Hz"),
        Output("evoked_gamma", "1", "response at 40 Hz to input on pyramidal cells, relative to rest"),
    ),
    readout=readout,
    source="ahmadian-2013",
)
