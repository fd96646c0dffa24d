"""The scheme of the independent model: parameters, keys, encryption and evaluation straight from their definitions
(tests/data/kat-1/README.md), on big-integer polynomials in coefficient form.
"""

import hashlib
import math
import struct

import randomness
import ring


def sha256(data):
    return hashlib.sha256(data).digest()


class Params:
    """A set of sizes, expanded to primes."""

    def __init__(self, name, log_n, log_q, log_p, log_scale, digits):
        self.name, self.log_n, self.n, self.digits = name, log_n, 1 << log_n, digits
        self.log_q, self.log_p, self.log_scale = log_q, log_p, log_scale
        self.q, self.p = self._primes()
        self.alpha = -(-len(self.q) // digits)
        self.top = len(self.q) - 1
        self.special = math.prod(self.p)
        self.hash = sha256(self.hashed())

    def _primes(self):
        """README, "From sizes to primes"."""
        step = 2 * self.n
        q = [0] * len(self.log_q)
        taken = []

        def search(start, direction):
            x = start // step * step + 1
            while x in taken or not ring.is_prime(x):
                x += direction * step
            taken.append(x)
            return x

        q[0] = search((1 << self.log_q[0]) - 1, -1)
        p = [search((1 << bits) - 1, -1) for bits in self.log_p]
        nominal = 2.0 ** self.log_scale
        scale = nominal
        for level in range(len(q) - 1, 0, -1):
            target = int(scale * scale / nominal)
            q[level] = search(target + step, 1) if level > 1 else search(target, -1)
            scale = scale * scale / float(q[level])
        return q, p

    def hashed(self):
        out = b"sotto-params-1" + struct.pack("<I", self.log_n)
        for primes in (self.q, self.p):
            out += struct.pack("<I", len(primes)) + struct.pack(f"<{len(primes)}Q", *primes)
        return out + struct.pack("<dI", self.log_scale, self.digits) + b"secret:ternary,error:cbd21"

    def chain(self, level):
        return self.q[:level + 1]

    def modulus(self, level):
        return math.prod(self.chain(level))

    def digit(self, j, level):
        """The chain primes of digit j, cut at a level."""
        return self.chain(level)[j * self.alpha:(j + 1) * self.alpha]

    def digits_at(self, level):
        return -(-(level + 1) // self.alpha)

    def expand(self, seed, label, level, special=False, digit=0):
        """A uniform half: drawn word by word in the evaluation domain."""
        primes = [(i, q) for i, q in enumerate(self.chain(level))]
        primes += [(256 + i, p) for i, p in enumerate(self.p)] if special else []
        words = [randomness.uniform(randomness.sub_seed(seed, label, self.hash, digit=digit, limb=i), q, self.n)
                 for i, q in primes]
        return ring.from_words(words, [q for _, q in primes])


# --- keys ---


class SecretKey:
    def __init__(self, params, source):
        self.params = params
        self.s = randomness.ternary(source.private(), params.n)
        self.id = source.public()[:16]


class PublicKey:
    def __init__(self, secret, source):
        params = self.params = secret.params
        self.seed = source.public()
        modulus = params.modulus(params.top)
        self.a = params.expand(self.seed, "a:public-key", params.top)
        noise = randomness.error(source.private(), params.n)
        self.b = ring.combine(modulus, (-1, ring.multiply(self.a, secret.s, modulus)), (1, noise))


class SwitchingKey:
    """From `old` to `new` (both small polynomials), up to a level."""

    def __init__(self, params, seed, error_root, number, old, new, level):
        self.seed, self.level, self.a, self.b = seed, level, [], []
        chain = params.modulus(level)
        modulus = chain * params.special
        errors = randomness.sub_seed(error_root, "key errors", params.hash, obj=number)
        for j in range(params.digits_at(level)):
            noise = randomness.error(randomness.sub_seed(errors, "error", params.hash, digit=j), params.n)
            own = math.prod(params.digit(j, level))
            w = chain // own * pow(chain // own, -1, own)  # 1 modulo the primes of the digit, 0 modulo the others
            a = params.expand(seed, "a:switching-key", level, special=True, digit=j)
            self.a.append(a)
            self.b.append(ring.combine(modulus, (-1, ring.multiply(a, new, modulus)), (1, noise),
                                       (params.special * w, old)))


def galois_element(params, step, conjugate):
    g = pow(5, step, 2 * params.n)
    return 2 * params.n - g if conjugate else g


class ServerKeys:
    """request: {"relin" or (step, conjugate): level}."""

    def __init__(self, secret, request, source):
        params = self.params = secret.params
        public_root, error_root = source.public(), source.private()
        big = 4 * params.n  # larger than twice any coefficient of s^2
        self.keys = {}
        for use, level in request.items():
            if use == "relin":
                number = 0
                old, new = ring.centred(ring.multiply(secret.s, secret.s, big), big), secret.s
            else:
                number = galois_element(params, *use)
                back = pow(number, -1, 2 * params.n)
                old, new = secret.s, ring.centred(ring.automorphism(secret.s, back, big), big)
            seed = randomness.sub_seed(public_root, "key seed", params.hash, obj=number)
            self.keys[use] = SwitchingKey(params, seed, error_root, number, old, new, level)


# --- ciphertexts ---


class Ciphertext:
    def __init__(self, params, parts, level, scale, seed=None):
        self.params, self.parts, self.level, self.scale, self.seed = params, parts, level, scale, seed
        self.modulus = params.modulus(level)


def encrypt_secret(secret, message, level, scale, source):
    params, modulus = secret.params, secret.params.modulus(level)
    seed = source.public()
    noise = randomness.error(source.private(), params.n)
    a = params.expand(seed, "a:ciphertext", level)
    b = ring.combine(modulus, (-1, ring.multiply(a, secret.s, modulus)), (1, noise), (1, message))
    return Ciphertext(params, [b, a], level, scale, seed)


def encrypt_public(key, message, level, scale, source):
    params, modulus = key.params, key.params.modulus(level)
    u = randomness.ternary(source.private(), params.n)
    e0 = randomness.error(source.private(), params.n)
    e1 = randomness.error(source.private(), params.n)
    b = ring.combine(modulus, (1, ring.multiply(key.b, u, modulus)), (1, e0), (1, message))
    a = ring.combine(modulus, (1, ring.multiply(key.a, u, modulus)), (1, e1))
    return Ciphertext(params, [b, a], level, scale)


def decrypt(secret, c):
    """The centred polynomial message + error."""
    total = c.parts[-1]
    for part in reversed(c.parts[:-1]):
        total = ring.combine(c.modulus, (1, ring.multiply(total, secret.s, c.modulus)), (1, part))
    return ring.centred(total, c.modulus)


# --- evaluation ---


def product(x, y):
    (a0, a1), (b0, b1), m = x.parts, y.parts, x.modulus
    middle = ring.combine(m, (1, ring.multiply(a0, b1, m)), (1, ring.multiply(a1, b0, m)))
    parts = [ring.multiply(a0, b0, m), middle, ring.multiply(a1, b1, m)]
    return Ciphertext(x.params, parts, x.level, x.scale * y.scale)


def switch(params, poly, key, level):
    """(u0, u1) modulo Q P: the digits of a polynomial times a key, cut to its level."""
    modulus = params.modulus(level) * params.special
    u = [[0] * params.n, [0] * params.n]
    for j in range(params.digits_at(level)):
        lifted = ring.centred_remainders(poly, params.digit(j, level))
        for part, half in enumerate((key.b[j], key.a[j])):
            u[part] = ring.combine(modulus, (1, u[part]), (1, ring.multiply(lifted, half, modulus)))
    return u


def relinearise(d, keys):
    params = d.params
    u = switch(params, d.parts[2], keys.keys["relin"], d.level)
    parts = [ring.combine(d.modulus, (1, ring.divide(x, params.p, d.modulus)), (1, c)) for x, c in zip(u, d.parts)]
    return Ciphertext(params, parts, d.level, d.scale)


def rescale(c):
    params, lower = c.params, c.params.modulus(c.level - 1)
    last = params.q[c.level]
    parts = [ring.divide(part, [last], lower) for part in c.parts]
    return Ciphertext(params, parts, c.level - 1, c.scale / float(last))


def multiply_rescale(x, y, keys):
    """One division by P q[level] of (P d0 + u0, P d1 + u1)."""
    params, d = x.params, product(x, y)
    lower, last, whole = params.modulus(d.level - 1), params.q[d.level], d.modulus * params.special
    u = switch(params, d.parts[2], keys.keys["relin"], d.level)
    sums = [ring.combine(whole, (params.special, c), (1, v)) for c, v in zip(d.parts, u)]
    parts = [ring.divide(v, [last] + params.p, lower) for v in sums]
    return Ciphertext(params, parts, d.level - 1, d.scale / float(last))


def rotate(c, keys, step=0, conjugate=False):
    params, m = c.params, c.modulus
    g = galois_element(params, step, conjugate)
    u = switch(params, c.parts[1], keys.keys[(step, conjugate)], c.level)
    divided = [ring.divide(part, params.p, m) for part in u]
    divided[0] = ring.combine(m, (1, divided[0]), (1, c.parts[0]))
    return Ciphertext(params, [ring.automorphism(part, g, m) for part in divided], c.level, c.scale)


def drop_to_level(c, level):
    m = c.params.modulus(level)
    return Ciphertext(c.params, [[x % m for x in part] for part in c.parts], level, c.scale, c.seed)
