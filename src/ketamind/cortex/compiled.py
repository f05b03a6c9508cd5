"""Small functions shared by the compiled parts of the cortex: compiling, counter-based random numbers, exponential.

Random numbers are a function of (seed, stream, counter) and of nothing else, so that a cell sees the same events
whatever else is simulated beside it. Two keyed rounds of a 32-bit mixer (Wellons' lowbias32) stand between counter
and number; the two keys of a stream come from a 64-bit mixer (splitmix64).
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])

ONE = np.float32(1)
LOG2_E = np.float32(1.4426950408889634)
LOWEST, HIGHEST = np.float32(-80), np.float32(80)
# Taylor series of 2**f on 0..1 to the seventh power: relative error below 2e-7, the resolution of float32
E1, E2, E3, E4, E5, E6, E7 = (
    np.float32(c)
    for c in (0.6931471806, 0.2402265070, 0.0555041087, 0.0096181291, 0.0013333558, 0.0001540353, 0.0000152527)
)
BIAS, MANTISSA_BITS = np.int32(127), np.int32(23)
MIX_A, MIX_B = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)


def compiled(function: Function) -> Function:
    """The function compiled once for all parameter values, without the interpreter lock, kept in a disk cache."""
    return cast(Function, numba.njit(nogil=True, cache=True, fastmath=True, error_model="numpy")(function))


def inlined(function: Function) -> Function:
    """As `compiled`, for a small function that takes part in the vectorised loop of its caller."""
    return cast(Function, numba.njit(nogil=True, cache=True, fastmath=True, inline="always")(function))


@inlined
def fast_exp(x: Any) -> Any:
    """exp(x) of a float32 without a branch or a call: the power of two by its bits, the rest by a polynomial."""
    t = min(max(x * LOG2_E, LOWEST), HIGHEST)
    whole = np.floor(t)
    f = t - whole
    fraction = ONE + f * (E1 + f * (E2 + f * (E3 + f * (E4 + f * (E5 + f * (E6 + f * E7))))))
    power = np.int32((np.int32(whole) + BIAS) << MANTISSA_BITS).view(np.float32)
    return fraction * power


@inlined
def mix(h: Any) -> Any:
    """A 32-bit integer scrambled; every output bit depends on every input bit."""
    h = np.uint32(h ^ (h >> np.uint32(16)))
    h = np.uint32(h * MIX_A)
    h = np.uint32(h ^ (h >> np.uint32(15)))
    h = np.uint32(h * MIX_B)
    return np.uint32(h ^ (h >> np.uint32(16)))


@inlined
def random_bits(key_a: Any, key_b: Any, counter: Any) -> Any:
    """32 random bits: number `counter` of the stream with these two keys."""
    return mix(mix(np.uint32(counter) ^ key_a) ^ key_b)


@inlined
def uniform(key_a: Any, key_b: Any, counter: Any) -> Any:
    """A float64 strictly between 0 and 1."""
    return (random_bits(key_a, key_b, counter) + 0.5) / 4294967296.0


def stream_keys(seed: int, purpose: int, n: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Two keys for each of n streams; `purpose` tells apart streams that serve different ends under one seed."""
    with np.errstate(over="ignore"):
        start = np.uint64((seed * 0x9E3779B97F4A7C15 + purpose * 0xD1342543DE82EF95) % 2**64)
        h = splitmix(np.arange(n, dtype=np.uint64) + splitmix(np.array([start]))[0])
    return (h >> np.uint64(32)).astype(np.uint32), (h & np.uint64(0xFFFFFFFF)).astype(np.uint32)


def stream_uniforms(seed: int, purpose: int, n: int) -> NDArray[np.float64]:
    """One number between 0 and 1 for each of n streams."""
    return (stream_keys(seed, purpose, n)[0].astype(np.float64) + 0.5) / 2.0**32


def splitmix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """64-bit integers scrambled (Steele, Lea & Flood 2014)."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
