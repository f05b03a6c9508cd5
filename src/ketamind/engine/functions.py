"""exp, log and tanh on vectors of lanes, as LLVM IR: argument reduction and polynomials, without a table or a call.

Relative errors stay below about 4e-16 (exp, log) and 1e-15 (tanh). exp and log reduce their argument by powers of
two (Cody & Waite 1980); tanh near zero is the [7/6] approximant of its continued fraction.
"""

import math
import struct

LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
ROUNDER = 1.5 * 2.0**52
"""Added to a small number it leaves the nearest integer in the lowest bits."""

EXP = [
    *(1.0, 1.0, 0.5000000000000019, 0.16666666666666685, 0.041666666666488356, 0.008333333333320543),
    *(0.0013888888952253843, 0.00019841269885708426, 2.4801485542838363e-05, 2.7557245808537414e-06),
    *(2.7632618270443035e-07, 2.5108300563905285e-08),
]
"""Chebyshev interpolant of exp on half the logarithm of 2, error 2e-17."""
LOG = [2.0 / (2 * k + 3) for k in range(11)]
TANH_TOP = [135135.0, 17325.0, 378.0, 1.0]
TANH_BOTTOM = [135135.0, 62370.0, 3150.0, 28.0]


def hexadecimal(value: float) -> str:
    """A double as LLVM reads it exactly."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


def splat(lanes: int, value: float) -> str:
    """The same number in every lane."""
    return "<" + ", ".join([f"double {hexadecimal(value)}"] * lanes) + ">"


def splat_integer(lanes: int, value: int) -> str:
    """The same 64-bit integer in every lane."""
    return "<" + ", ".join([f"i64 {value}"] * lanes) + ">"


class Lines:
    """Instructions of one IR function, on vectors of lanes."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.vector = f"<{lanes} x double>"
        self.integer = f"<{lanes} x i64>"
        self.text: list[str] = []
        self.count = 0

    def new(self, instruction: str) -> str:
        """A fresh value computed by the instruction."""
        self.count += 1
        self.text.append(f"  %t{self.count} = {instruction}")
        return f"%t{self.count}"

    def const(self, value: float) -> str:
        """A number in every lane."""
        return splat(self.lanes, value)

    def op(self, name: str, *args: str) -> str:
        """An arithmetic instruction; products and sums may fuse."""
        return self.new(f"{name} contract {self.vector} {', '.join(args)}")

    def call(self, function: str, *args: str) -> str:
        """A call of a function on vectors."""
        return self.new(f"call {self.vector} {function}({', '.join(f'{self.vector} {a}' for a in args)})")

    def intrinsic(self, name: str, *args: str) -> str:
        """A call of LLVM's own function of that name."""
        return self.call(f"@llvm.{name}.v{self.lanes}f64", *args)

    def fma(self, a: str, b: str, c: str) -> str:
        """a * b + c, rounded once."""
        return self.intrinsic("fma", a, b, c)

    def compare(self, how: str, a: str, b: str) -> str:
        """A truth value a lane."""
        return self.new(f"fcmp {how} {self.vector} {a}, {b}")

    def select(self, which: str, a: str, b: str) -> str:
        """a where true, else b."""
        return self.new(f"select <{self.lanes} x i1> {which}, {self.vector} {a}, {self.vector} {b}")

    def where(self, how: str, a: str, b: str, yes: str, no: str) -> str:
        """yes where a and b compare so, else no."""
        return self.select(self.compare(how, a, b), yes, no)

    def polynomial(self, x: str, coefficients: list[float]) -> str:
        """Horner's scheme, lowest coefficient first."""
        total = self.const(coefficients[-1])
        for c in reversed(coefficients[:-1]):
            total = self.fma(total, x, self.const(c))
        return total

    def bits(self, x: str) -> str:
        """The lanes as integers, bit for bit."""
        return self.new(f"bitcast {self.vector} {x} to {self.integer}")

    def double(self, x: str) -> str:
        """Integers as lanes, bit for bit."""
        return self.new(f"bitcast {self.integer} {x} to {self.vector}")

    def int_op(self, name: str, a: str, value: int) -> str:
        """An integer instruction with a constant."""
        return self.new(f"{name} {self.integer} {a}, {splat_integer(self.lanes, value)}")


def _exp(f: Lines) -> str:
    """Within the range of doubles: beyond it the result stays at its end. NaN stays NaN (the order of operands)."""
    x = f.where("olt", f.const(709.78), "%x", f.const(709.78), "%x")
    x = f.where("ogt", f.const(-708.39), x, f.const(-708.39), x)
    shifted = f.fma(x, f.const(1.0 / math.log(2.0)), f.const(ROUNDER))
    n = f.new(f"fsub {f.vector} {shifted}, {f.const(ROUNDER)}")
    r = f.fma(n, f.const(-LN2_LOW), f.fma(n, f.const(-LN2_HIGH), x))
    power = f.int_op("shl", f.bits(shifted), 52)
    return f.double(f.new(f"add {f.integer} {f.bits(f.polynomial(r, EXP))}, {power}"))


def _log(f: Lines) -> str:
    """From the smallest normal double up; the same for 0 as for that, NaN below 0."""
    tiny = f.const(2.2250738585072014e-308)
    bits = f.bits(f.where("ogt", tiny, "%x", tiny, "%x"))
    biased = f.double(f.int_op("or", f.int_op("lshr", bits, 52), 0x4330000000000000))
    e = f.new(f"fsub {f.vector} {biased}, {f.const(2.0**52 + 1023)}")
    m = f.double(f.int_op("or", f.int_op("and", bits, 0xFFFFFFFFFFFFF), 0x3FF0000000000000))
    large = f.compare("ogt", m, f.const(math.sqrt(2.0)))
    m = f.select(large, f.op("fmul", m, f.const(0.5)), m)
    e = f.select(large, f.op("fadd", e, f.const(1.0)), e)
    s = f.op("fdiv", f.op("fsub", m, f.const(1.0)), f.op("fadd", m, f.const(1.0)))
    z = f.op("fmul", s, s)
    tail = f.op("fmul", f.op("fmul", s, z), f.polynomial(z, LOG))
    result = f.fma(e, f.const(LN2_HIGH), f.fma(s, f.const(2.0), f.fma(e, f.const(LN2_LOW), tail)))
    return f.where("oge", "%x", f.const(0.0), result, f.const(math.nan))


def _tanh(f: Lines) -> str:
    size = f.intrinsic("fabs", "%x")
    square = f.op("fmul", size, size)
    small = f.compare("olt", size, f.const(0.5))
    growth = f.call("@exp", f.op("fmul", f.where("olt", size, f.const(20.0), size, f.const(20.0)), f.const(2.0)))
    top = f.op("fmul", size, f.polynomial(square, TANH_TOP))
    top = f.select(small, top, f.op("fsub", growth, f.const(1.0)))
    bottom = f.select(small, f.polynomial(square, TANH_BOTTOM), f.op("fadd", growth, f.const(1.0)))
    return f.where("uno", "%x", "%x", "%x", f.intrinsic("copysign", f.op("fdiv", top, bottom), "%x"))


INTRINSICS = {"fma": 3, "sqrt": 1, "fabs": 1, "copysign": 2}


def library(lanes: int) -> str:
    """IR definitions of @exp, @log and @tanh, and declarations of the intrinsics in use."""
    vector = f"<{lanes} x double>"
    parts = [f"declare {vector} @llvm.{name}.v{lanes}f64({', '.join([vector] * n)})" for name, n in INTRINSICS.items()]
    for name, body in (("exp", _exp), ("log", _log), ("tanh", _tanh)):
        lines = Lines(lanes)
        result = body(lines)
        parts += [f"define internal {vector} @{name}({vector} %x) #1 {{", *lines.text, f"  ret {vector} {result}", "}"]
    return "\n".join(parts)
