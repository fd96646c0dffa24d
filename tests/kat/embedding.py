"""The canonical embedding of the independent model, in fixed point with 200 fraction bits: exact enough to round
every coefficient without doubt, and to give decoded slots to all digits of a double.
"""

import functools

BITS = 200
ONE = 1 << BITS


def _arctan_inverse(x):
    """arctan(1 / x) by its series."""
    total, term, k = 0, ONE // x, 0
    while term:
        total += (-1) ** k * (term // (2 * k + 1))
        term, k = term // (x * x), k + 1
    return total


def _exp_i(angle):
    """(cos, sin) of a fixed-point angle by the series of the exponential."""
    cos, sin, term, k = 0, 0, ONE, 0
    while term:
        cos += (term, 0, -term, 0)[k % 4]
        sin += (0, term, 0, -term)[k % 4]
        k += 1
        term = (term * angle >> BITS) // k
    return cos, sin


@functools.lru_cache(maxsize=None)
def roots(n):
    """zeta^k for k < 2n, zeta = exp(i pi / n)."""
    pi = 4 * (4 * _arctan_inverse(5) - _arctan_inverse(239))
    cos, sin = _exp_i(pi // n)
    out = [(ONE, 0)]
    for _ in range(2 * n - 1):
        x, y = out[-1]
        out.append((x * cos - y * sin >> BITS, x * sin + y * cos >> BITS))
    return out


def encode(slots, n, scale):
    """round(scale z) for the real polynomial z whose value at zeta^(5^j) is slots[j]; slots: {j: (re, im)} as doubles,
    the others 0; scale a power of two. z[k] = 2/n sum_j Re(slots[j] zeta^(-k 5^j)). Also the distance of the nearest
    coefficient to a tie."""
    table, coefficients, nearest = roots(n), [], 0.5
    fixed = [(pow(5, j, 2 * n), _fixed(re), _fixed(im)) for j, (re, im) in slots.items()]
    for k in range(n):
        total = 0
        for g, re, im in fixed:
            x, y = table[-k * g % (2 * n)]
            total += re * x - im * y
        scaled = (total * int(scale) * 2 // n) >> BITS  # fixed point
        coefficients.append((scaled + ONE // 2) >> BITS)
        nearest = min(nearest, abs((scaled % ONE) / ONE - 0.5))
    return coefficients, nearest


def _fixed(x):
    numerator, denominator = float(x).as_integer_ratio()
    return (numerator << BITS) // denominator


def decode(poly, scale, slots):
    """{j: (re, im)} of integer coefficients over a scale, as doubles."""
    n = len(poly)
    table = roots(n)
    numerator, denominator = float(scale).as_integer_ratio()
    out = {}
    for j in slots:
        g = pow(5, j, 2 * n)
        re = sum(c * table[k * g % (2 * n)][0] for k, c in enumerate(poly))
        im = sum(c * table[k * g % (2 * n)][1] for k, c in enumerate(poly))
        out[j] = (re * denominator / (numerator << BITS), im * denominator / (numerator << BITS))
    return out
