"""Polynomials of the independent model: lists of n Python integers modulo X^n + 1 and a big modulus M.

Products by Kronecker substitution (one product of two huge integers), residues by exact CRT, evaluations by a
plain recursive DFT of the twisted coefficients. A Modulus is a set of primes; its residues and the evaluation
domain appear only where something is published.
"""

import functools
import math


BASES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)


def is_prime(x):
    """Miller-Rabin with the bases that decide every 64-bit number."""
    if x < 2 or any(x % b == 0 for b in BASES):
        return x in BASES
    odd, twos = x - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(pow(b, odd, x) == 1 or any(pow(b, odd << i, x) == x - 1 for i in range(twos)) for b in BASES)


@functools.lru_cache(maxsize=None)
def smallest_root(q, n):
    """The smallest number of order exactly 2n modulo q."""
    order = 2 * n
    root = next(r for g in range(2, q) for r in [pow(g, (q - 1) // order, q)] if pow(r, n, q) == q - 1)
    step, best = root * root % q, root
    for _ in range(n - 1):
        root = root * step % q
        best = min(best, root)
    return best


@functools.lru_cache(maxsize=None)
def _powers(base, count, q):
    out = [1]
    for _ in range(count - 1):
        out.append(out[-1] * base % q)
    return out


def reverse_bits(i, bits):
    return int(format(i, f"0{bits}b")[::-1], 2) if bits else 0


@functools.lru_cache(maxsize=None)
def _reversal(n):
    bits = n.bit_length() - 1
    return [reverse_bits(i, bits) for i in range(n)]


def _dft(x, w, q):
    """y[k] = sum_j x[j] omega^(j k), w = the powers of omega."""
    if len(x) == 1:
        return x
    even, odd = _dft(x[::2], w[::2], q), _dft(x[1::2], w[::2], q)
    turned = [b * r % q for b, r in zip(odd, w)]
    return [(a + b) % q for a, b in zip(even, turned)] + [(a - b) % q for a, b in zip(even, turned)]


def evaluate(poly, q):
    """The words of a limb: word i is the value at psi^(2 brv(i) + 1)."""
    n = len(poly)
    psi = smallest_root(q, n)
    twisted = [c * r % q for c, r in zip(poly, _powers(psi, n, q))]
    values = _dft(twisted, _powers(psi * psi % q, n, q), q)
    return [values[k] for k in _reversal(n)]


def interpolate(words, q):
    """The coefficients of a limb."""
    n = len(words)
    back = pow(smallest_root(q, n), -1, q)
    twisted = _dft([words[k] for k in _reversal(n)], _powers(back * back % q, n, q), q)
    unit = pow(n, -1, q)
    return [c * r % q * unit % q for c, r in zip(twisted, _powers(back, n, q))]


def value_at(poly, x, q):
    """Horner's rule: what evaluate() is checked against."""
    total = 0
    for c in reversed(poly):
        total = (total * x + c) % q
    return total


def join(limbs, primes):
    """Coefficients modulo the product of the primes from residues, limb by limb."""
    modulus = math.prod(primes)
    units = [modulus // q * pow(modulus // q, -1, q) for q in primes]
    return [sum(x * u for x, u in zip(column, units)) % modulus for column in zip(*limbs)]


def from_words(limbs, primes):
    return join([interpolate(words, q) for words, q in zip(limbs, primes)], primes)


def to_words(poly, primes):
    return [evaluate([c % q for c in poly], q) for q in primes]


# --- arithmetic modulo a big integer ---


def multiply(a, b, modulus):
    n = len(a)
    width = (2 * modulus.bit_length() + n.bit_length() + 7) // 8
    pack = lambda x: int.from_bytes(b"".join((c % modulus).to_bytes(width, "little") for c in x), "little")
    wide = (pack(a) * pack(b)).to_bytes(2 * n * width, "little")
    c = [int.from_bytes(wide[i:i + width], "little") for i in range(0, len(wide), width)]
    return [(low - high) % modulus for low, high in zip(c[:n], c[n:])]


def schoolbook(a, b, modulus):
    """The definition: what multiply() is checked against."""
    n = len(a)
    out = [0] * n
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            out[(i + j) % n] += x * y if i + j < n else -x * y
    return [c % modulus for c in out]


def combine(modulus, *terms):
    """sum of factor * poly."""
    return [sum(f * c for (f, _), c in zip(terms, column)) % modulus
            for column in zip(*(poly for _, poly in terms))]


def automorphism(poly, g, modulus):
    """poly(X^g)."""
    n = len(poly)
    out = [0] * n
    for i, c in enumerate(poly):
        place = i * g % (2 * n)
        out[place % n] = (c if place < n else -c) % modulus
    return out


def centred(poly, modulus):
    return [c - modulus if 2 * c > modulus else c for c in poly]


# --- the centred remainder, by the rule of fixed point ---

FRACTION_BITS = 16


class Rounding:
    """Compares every remainder with the exact one, and counts where the rule took the other neighbour: only just
    above a tie, where the fixed-point sum is short by less than 1.25 k 2^-16."""

    coefficients = 0
    other_neighbour = 0

    @classmethod
    def check(cls, c, remainder, product, primes):
        exact = c % product
        exact -= product if 2 * exact > product else 0
        cls.coefficients += 1
        if remainder == exact:
            return
        cls.other_neighbour += 1
        assert remainder == exact + product, "not congruent, or the tie rounded the wrong way"
        beyond = 2 * remainder - product
        assert 0 < beyond and beyond << (FRACTION_BITS + 1) < 5 * primes * product, "too far from a tie"


def centred_remainders(poly, primes):
    """For each coefficient c the integer r = c modulo D, D the product of the primes, that stands for it: in
    [-D/2, D/2] up to the slack of the rule. README, "Centred remainders"."""
    product = math.prod(primes)
    shift = 64 if any(q.bit_length() > 50 for q in primes) else 52
    rows = [(q, product // q, pow(product // q, -1, q), (1 << shift + FRACTION_BITS) // q) for q in primes]
    half = 1 << FRACTION_BITS - 1
    out = []
    for c in poly:
        y = [c * unit % q for q, _, unit, _ in rows]
        quotient = sum(x * tau >> shift for x, (_, _, _, tau) in zip(y, rows)) + half >> FRACTION_BITS
        out.append(sum(x * rest for x, (_, rest, _, _) in zip(y, rows)) - quotient * product)
        Rounding.check(c, out[-1], product, len(primes))
    return out


def divide(poly, dropped, kept_modulus):
    """(c - r) / D modulo the kept primes: c / D, rounded."""
    product = math.prod(dropped)
    return [(c - r) // product % kept_modulus for c, r in zip(poly, centred_remainders(poly, dropped))]
