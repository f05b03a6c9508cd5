"""The compiled time step of the spiking cortex.

Adaptive exponential cells (Brette & Gerstner 2005) with conductance synapses, in ms, mV, nS, pA, pF:

    C dV/dt   = gL (EL - V) + gL dT exp((V - VT)/dT) - w - gA V - (f_s s B(V) + f_t gT BT(V)) V
                + (gPV + gSST + gVIP) (EI - V) + gB (EK - V) + y + I
    tau_w dw/dt = a (V - EL) - w;      at V > V_peak: V = Vr, w += b, V held for t_ref
    B(V)      = 1/(1 + k exp(-gamma V))          magnesium block
    f_s, f_t  = share of synaptic and tonic NMDA receptors that the drug leaves free

V and w step by Euler, conductances decay by their exact factor. NMDA and GABA-B have a rise (x) and a decay (s):
`s <- s exp(-dt/tau_decay) + x dt/tau_rise`. External events are Poisson counts per step. A spike reaches its targets
a whole number of steps later; the delay line keeps spikes, not conductances, so that it stays small.

Layout. Sixteen cells make a block, and a block holds its 15 variables as 15 rows of 16 numbers: one block is one
stretch of memory, and each row is one vector register. A target is stored as its position in that array (4 bytes).
"""

from typing import Any

import numpy as np

from ketamind.cortex.compiled import compiled, fast_exp, random_bits, uniform

LANES = 16
ROWS = 15
BLOCK = LANES * ROWS
V, W, A, X, S, G1, G2, G3, Y, BX, BS, REST, COUNT, FIRED, ARRIVED = (LANES * row for row in range(ROWS))
GABA_ROWS = (G1, G2, G3)

PARAMETERS = (
    "dt_over_C", "gL", "EL", "VT", "dT", "a", "dt_over_tau_w", "b", "Vr", "steps_ref", "V_peak",
    "q_ext", "q_ext_nmda", "ratio_nmda", "free_synaptic", "g_tonic", "EI", "EK",
    "k_synaptic", "gamma_synaptic", "k_tonic", "gamma_tonic",
    "keep_ampa", "keep_x", "keep_nmda", "keep_1", "keep_2", "keep_3", "keep_y", "keep_bx", "keep_b",
    "dt_over_rise", "dt_over_rise_b", "I", "adp", "half_adp",
)  # fmt: skip
SIGNALS = (
    "potential", "g_ampa", "g_nmda", "g_tonic", "g_gaba_1", "g_gaba_2", "g_gaba_3", "g_gaba_b",
    "i_ampa", "i_nmda", "i_gaba_1", "i_gaba_2", "i_gaba_3", "i_gaba_b",
)  # fmt: skip
DRIVE = ("rate", "feedback", "reference_rate")
N_THRESHOLDS = 10
MOST_EVENTS = 1.0  # mean Poisson count a step that one draw of at most ten can carry (tail 1e-8)

ZERO, ONE, CLIP = np.float32(0), np.float32(1), np.float32(8)


@compiled
def poisson_thresholds(mean: Any, thresholds: Any) -> None:
    """Cumulative Poisson probabilities, on the scale of a signed 32-bit random integer."""
    term = np.exp(-mean)
    total = 0.0
    for k in range(N_THRESHOLDS):
        total += term
        thresholds[k] = np.int32(min(total * 4294967296.0 - 2147483648.0, 2147483647.0))
        term *= mean / (k + 1)


@compiled
def draw_events(state: Any, keys_a: Any, keys_b: Any, first: Any, last: Any, counter: Any, thr: Any, more: Any) -> None:
    """Poisson counts of external events for each cell of the blocks `first` to `last`, by inversion."""
    t0, t1, t2, t3, t4, t5, t6, t7, t8, t9 = (
        thr[0],
        thr[1],
        thr[2],
        thr[3],
        thr[4],
        thr[5],
        thr[6],
        thr[7],
        thr[8],
        thr[9],
    )
    keep = ONE if more else ZERO
    for b in range(first, last):
        ka = keys_a[b * LANES : b * LANES + LANES]
        kb = keys_b[b * LANES : b * LANES + LANES]
        cell = state[b * BLOCK : b * BLOCK + BLOCK]
        for j in range(LANES):
            u = np.int32(random_bits(ka[j], kb[j], counter))
            low = np.int32(u > t0) + np.int32(u > t1) + np.int32(u > t2) + np.int32(u > t3) + np.int32(u > t4)
            high = np.int32(u > t5) + np.int32(u > t6) + np.int32(u > t7) + np.int32(u > t8) + np.int32(u > t9)
            cell[COUNT + j] = keep * cell[COUNT + j] + np.float32(np.int32(low + high))


@compiled
def step_cells(state: Any, first: Any, last: Any, cells: Any, p: Any, fired: Any, n_fired: Any) -> Any:
    """One step of the cells of one type; appends the numbers (within the type) of those that fired."""
    dt_C, gL, EL, VT, dT, a, dt_w, b, Vr, steps_ref, V_peak = (
        p[0],
        p[1],
        p[2],
        p[3],
        p[4],
        p[5],
        p[6],
        p[7],
        p[8],
        p[9],
        p[10],
    )
    q_ext, q_ext_nmda, ratio, free, gT, EI, EK = p[11], p[12], p[13], p[14], p[15], p[16], p[17]
    k_s, m_s, k_t, m_t = p[18], -p[19], p[20], -p[21]
    keep_a, keep_x, keep_s, keep_1, keep_2, keep_3, keep_y, keep_bx, keep_b = (
        p[22],
        p[23],
        p[24],
        p[25],
        p[26],
        p[27],
        p[28],
        p[29],
        p[30],
    )
    rise, rise_b, current, adp, half = p[31], p[32], p[33], p[34], p[35]
    per_dT = ONE / dT
    for block in range(first, last):
        cell = state[block * BLOCK : block * BLOCK + BLOCK]
        any_fired = ZERO
        for j in range(LANES):
            v, w, arrived, count = cell[V + j], cell[W + j], cell[ARRIVED + j], cell[COUNT + j]
            g_a = cell[A + j] + arrived + q_ext * count
            x = cell[X + j] + ratio * arrived + q_ext_nmda * count
            s, g_1, g_2, g_3, y = cell[S + j], cell[G1 + j], cell[G2 + j], cell[G3 + j], cell[Y + j]
            bx, g_b, rest = cell[BX + j], cell[BS + j], cell[REST + j]
            upstroke = gL * dT * fast_exp(min((v - VT) * per_dT, CLIP))
            mg_s = ONE + k_s * fast_exp(m_s * v)
            mg_t = ONE + k_t * fast_exp(m_t * v)
            g_n = (free * s * mg_t + gT * mg_s) / (mg_s * mg_t)
            inhibition = (g_1 + g_2 + g_3) * (EI - v) + g_b * (EK - v)
            flow = gL * (EL - v) + upstroke - w - (g_a + g_n) * v + inhibition + y + current
            v_next = v + dt_C * flow if rest <= ZERO else v
            w_next = w + dt_w * (a * (v - EL) - w)
            spike = v_next > V_peak
            cell[V + j] = Vr if spike else v_next
            cell[W + j] = w_next + b if spike else w_next
            cell[REST + j] = steps_ref if spike else rest - ONE
            cell[FIRED + j] = ONE if spike else ZERO
            any_fired += ONE if spike else ZERO
            cell[A + j] = g_a * keep_a
            cell[X + j] = x * keep_x
            cell[S + j] = s * keep_s + x * rise
            cell[G1 + j] = g_1 * keep_1
            cell[G2 + j] = g_2 * keep_2
            cell[G3 + j] = g_3 * keep_3
            cell[Y + j] = y * keep_y
            cell[BX + j] = bx * keep_bx
            cell[BS + j] = g_b * keep_b + bx * rise_b
            cell[ARRIVED + j] = ZERO
        if any_fired > ZERO:
            for j in range(LANES):
                number = (block - first) * LANES + j
                if cell[FIRED + j] > ZERO and number < cells:
                    fired[n_fired] = number
                    n_fired += 1
                    if adp > ZERO:
                        shut = cell[G2 + j] / half
                        cell[Y + j] += adp / (ONE + shut * shut)
    return n_fired


@compiled
def sum_signals(state: Any, first: Any, cells: Any, p: Any, out: Any) -> None:
    """Means over the cells of one type of potential, conductances and currents, in the order of SIGNALS."""
    free, gT, EI, EK, k_s, m_s, k_t, m_t = p[14], p[15], p[16], p[17], p[18], -p[19], p[20], -p[21]
    for i in range(14):
        out[i] = ZERO
    for number in range(0, cells, LANES):
        start = (first + number // LANES) * BLOCK
        cell = state[start : start + BLOCK]
        sv = sa = sn = st = s1 = s2 = s3 = sb = ia = im = i1 = i2 = i3 = ib = ZERO
        for j in range(min(LANES, cells - number)):
            v, g_a, g_1, g_2, g_3, g_b = (
                cell[V + j],
                cell[A + j],
                cell[G1 + j],
                cell[G2 + j],
                cell[G3 + j],
                cell[BS + j],
            )
            g_n = free * cell[S + j] / (ONE + k_s * fast_exp(m_s * v))
            g_t = gT / (ONE + k_t * fast_exp(m_t * v))
            sv, sa, sn, st, s1, s2, s3, sb = (
                sv + v,
                sa + g_a,
                sn + g_n,
                st + g_t,
                s1 + g_1,
                s2 + g_2,
                s3 + g_3,
                sb + g_b,
            )
            ia, im = ia - g_a * v, im - (g_n + g_t) * v
            i1, i2, i3, ib = i1 + g_1 * (EI - v), i2 + g_2 * (EI - v), i3 + g_3 * (EI - v), ib + g_b * (EK - v)
        out[0], out[1], out[2], out[3] = out[0] + sv, out[1] + sa, out[2] + sn, out[3] + st
        out[4], out[5], out[6], out[7] = out[4] + s1, out[5] + s2, out[6] + s3, out[7] + sb
        out[8], out[9], out[10], out[11] = out[8] + ia, out[9] + im, out[10] + i1, out[11] + i2
        out[12], out[13] = out[12] + i3, out[13] + ib
    for i in range(14):
        out[i] /= cells


@compiled
def release(u: Any, r: Any, last: Any, at: Any, i: Any, time: Any, U: Any, tau_rec: Any, tau_fac: Any) -> Any:
    """Transmitter released by this spike relative to a rested synapse, and the new state (Tsodyks & Markram 1998)."""
    pause = time - last[at + i]
    facilitated = u[at + i] * np.exp(-pause / tau_fac)
    u_now = facilitated + U * (1 - facilitated)
    r_now = 1 - (1 - r[at + i]) * np.exp(-pause / tau_rec)
    u[at + i] = u_now
    r[at + i] = r_now * (1 - u_now)
    last[at + i] = time
    return u_now * r_now / U


@compiled
def deliver(state: Any, targets: Any, begin: Any, end: Any, row: Any, weight: Any) -> None:
    for k in range(begin, end):
        state[targets[k] + row] += weight


@compiled
def advance(
    state: Any, keys_a: Any, keys_b: Any, first_block: Any, n_cells: Any, parameters: Any,
    projections: Any, weights: Any, plasticity: Any, starts: Any, indptr: Any, targets: Any,
    u: Any, r: Any, last: Any, line_count: Any, line_cells: Any,
    drive: Any, common: Any, noise_keys: Any, step_from: Any, n_steps: Any, dt: Any,
    spike_step: Any, spike_cell: Any, n_spikes: Any, fields: Any, fields_from: Any, record_every: Any,
) -> Any:  # fmt: skip
    """Advance the network by up to `n_steps`; stops early when the spike buffer might overflow.

    projections [n, 5]: source type, target type, row, delay in steps, GABA-B on (0/1); weights [n, 2]: fast, GABA-B.
    common: sd and persistence (a ms) of the shared slow fluctuation, its value, filtered excitatory rate (Hz), and
    the filter's step. Returns (steps done, spikes so far).
    """
    n_types, n_slots = n_cells.shape[0], line_count.shape[0]
    all_cells = np.sum(n_cells)
    thresholds = np.zeros((n_types, N_THRESHOLDS), np.int32)
    draws = np.zeros(n_types, np.int64)
    per_ms = max(1, round(1.0 / dt))
    offset = np.zeros(n_types, np.int64)
    for t in range(1, n_types):
        offset[t] = offset[t - 1] + n_cells[t - 1]
    for done in range(n_steps):
        step = step_from + done
        if spike_cell.shape[0] - n_spikes < all_cells:
            return done, n_spikes
        if done == 0 or step % per_ms == 0:
            if step % per_ms == 0:
                common[2] *= common[1]
                if common[0] > 0:
                    z = np.sqrt(-2 * np.log(uniform(noise_keys[0], noise_keys[1], 2 * (step // per_ms))))
                    z *= np.cos(2 * np.pi * uniform(noise_keys[0], noise_keys[1], 2 * (step // per_ms) + 1))
                    common[2] += np.sqrt(1 - common[1] ** 2) * z
            for t in range(n_types):
                outside = 1 + common[0] * common[2]
                inside = common[3] / drive[t, 2]
                mean = 1e-3 * dt * drive[t, 0] * max(0.0, (1 - drive[t, 1]) * outside + drive[t, 1] * inside)
                draws[t] = int(np.ceil(mean / MOST_EVENTS)) if mean > 0 else 1
                poisson_thresholds(mean / draws[t], thresholds[t])
        for p in range(projections.shape[0]):
            source, delay = projections[p, 0], projections[p, 3]
            slot = (step - 1 - delay) % n_slots
            if step - 1 - delay < 0:
                continue
            for k in range(line_count[slot, source]):
                i = line_cells[slot, offset[source] + k]
                effect = ONE
                if plasticity[p, 0] > 0:
                    effect = np.float32(
                        release(
                            u, r, last, starts[p], i, step * dt, plasticity[p, 0], plasticity[p, 1], plasticity[p, 2]
                        )
                    )
                at = starts[p] + i
                deliver(state, targets, indptr[at], indptr[at + 1], projections[p, 2], weights[p, 0] * effect)
                if projections[p, 4] > 0:
                    deliver(state, targets, indptr[at], indptr[at + 1], BX, weights[p, 1] * effect)
        slot = step % n_slots
        for t in range(n_types):
            for k in range(draws[t]):
                counter = np.uint32(step * 16 + k)
                draw_events(state, keys_a, keys_b, first_block[t], first_block[t + 1], counter, thresholds[t], k > 0)
            line = line_cells[slot, offset[t] : offset[t] + n_cells[t]]
            n = step_cells(state, first_block[t], first_block[t + 1], n_cells[t], parameters[t], line, 0)
            line_count[slot, t] = n
            for k in range(n):
                spike_step[n_spikes] = step
                spike_cell[n_spikes] = offset[t] + line[k]
                n_spikes += 1
        common[3] += common[4] * (1e3 * line_count[slot, 0] / (n_cells[0] * dt) - common[3])
        if step % record_every == 0:
            for t in range(n_types):
                sum_signals(
                    state, first_block[t], n_cells[t], parameters[t], fields[(step - fields_from) // record_every, t]
                )
    return n_steps, n_spikes
