"""Small-signal response of three coupled populations at one frequency, in closed form.

    (1 + i w tau_a) r_a = g_a (sum_b K_ab r_b + input_a)

Complex numbers are kept as pairs, since an equation here is made of real operations.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Complex:
    """A complex number of two real expressions."""

    re: Any
    im: Any = 0.0

    def __add__(self, other: "Complex") -> "Complex":
        return Complex(self.re + other.re, self.im + other.im)

    def __sub__(self, other: "Complex") -> "Complex":
        return Complex(self.re - other.re, self.im - other.im)

    def __mul__(self, other: "Complex") -> "Complex":
        return Complex(self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re)

    def times(self, factor: Any) -> "Complex":
        """The number scaled by a real factor."""
        return Complex(self.re * factor, self.im * factor)

    @property
    def power(self) -> Any:
        """Square of the modulus."""
        return self.re * self.re + self.im * self.im


Row = tuple[Complex, Complex, Complex]


def low_pass(wt: Any) -> Complex:
    """Response of a first-order lag at angular frequency times time constant `wt`."""
    size = 1 + wt * wt
    return Complex(1 / size, -wt / size)


def minor(a: Row, b: Row, i: int, j: int) -> Complex:
    """Determinant of columns i and j of two rows."""
    return a[i] * b[j] - a[j] * b[i]


def cross(a: Row, b: Row) -> Row:
    """Cofactors of the row that stands with a and b in a matrix."""
    return minor(a, b, 1, 2), minor(a, b, 2, 0), minor(a, b, 0, 1)


def dot(a: Row, b: Row) -> Complex:
    """Sum of products."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def read_powers(matrix: tuple[Row, Row, Row], read: Row, direct: Complex) -> tuple[Any, Any, Any]:
    """Squared response of a read-out to a unit input at each population.

    The rates solve `matrix @ r = input`; the read-out is `read . r`, plus `direct` times the input of the first.
    """
    first, second, third = matrix
    cofactors = cross(second, third), cross(third, first), cross(first, second)
    determinant = dot(first, cofactors[0])
    # the read-out's response to input j is the sum over i of read_i cofactor_ji / determinant
    numerators = [dot(read, row) for row in cofactors]
    numerators[0] = numerators[0] + direct * determinant
    e, p, s = (n.power / determinant.power for n in numerators)
    return e, p, s
