"""Runs the program of the known-answer vectors on one set and collects every value that is published.

The program, with one seed source from the root seed: secret key, public key, server keys, encryption under the
secret key, encryption under the public key; then evaluation. README of tests/data/kat-1 says the same in words.
"""

import hashlib
import math
import struct

import embedding
import files
import randomness
import ring
import scheme

ROOT = hashlib.sha256(b"sotto-kat-1").digest()
TOY_LOG_N = 4
ENCODING_SCALE = 2.0 ** 28

SETS = [
    dict(name="insecure_kat-4", log_n=4, log_q=[33, 28, 28], log_p=[41], log_scale=28, digits=3),
    dict(name="insecure_kat-4-wide", log_n=4, log_q=[60, 45, 45, 45], log_p=[60, 60], log_scale=45, digits=2),
    dict(name="kat-12", log_n=12, log_q=[35, 28], log_p=[41], log_scale=28, digits=2),
    dict(name="kat-13", log_n=13, log_q=[35, 28, 28, 28], log_p=[36, 36], log_scale=28, digits=2),
]


def weyl(k, factor, power):
    """A signed integer of 20 bits from an index, without any random stream."""
    return (factor * (k + 1) ** power % 2 ** 32 >> 12) - 2 ** 19


def messages(n):
    return ([weyl(k, 2654435761, 1) for k in range(n)], [weyl(k, 2246822519, 2) for k in range(n)])


def ties(params, divisor):
    """A ciphertext whose coefficients lie within 2^-16 of a tie of the division by a product of chain primes."""
    n, modulus = params.n, params.modulus(params.top)
    part = [(2654435761 * (k + 1) % 2 ** 32 * divisor + divisor // 2 - divisor // 2 ** 16
             + 2 * k * divisor // (n * 2 ** 16)) % modulus for k in range(n)]
    return scheme.Ciphertext(params, [part, part[::-1]], params.top, 2.0 ** (2 * params.log_scale))


def slots_to_encode(n):
    chosen = range(n // 2) if n <= 16 else (0, 1, 2, n // 2 - 1)
    return {j: (weyl(j, 2654435761, 1) / 2 ** 19, weyl(j, 2246822519, 2) / 2 ** 19) for j in chosen}


class World:
    """Everything that the program makes on one set."""

    def __init__(self, literal):
        self.literal = literal
        params = self.params = scheme.Params(**literal)
        source = randomness.SeedSource(ROOT)
        self.secret = scheme.SecretKey(params, source)
        self.public = scheme.PublicKey(self.secret, source)
        self.request = {"relin": params.top, (1, False): params.top, (0, True): params.top - 1}
        self.server = scheme.ServerKeys(self.secret, self.request, source)
        self.messages = messages(params.n)
        first, second = self.messages
        scale = 2.0 ** params.log_scale
        a = scheme.encrypt_secret(self.secret, first, params.top, scale, source)
        b = scheme.encrypt_public(self.public, second, params.top, scale, source)
        self.seeds_drawn = source.count
        self.ciphertexts = self._evaluate(a, b)
        self.decrypted = {name: scheme.decrypt(self.secret, c) for name, c in self.ciphertexts.items()
                          if "ties" not in name}
        self._check_meaning()

    def _evaluate(self, a, b):
        keys, low = self.server, self.params.top - 1
        out = {"first": a, "second": b, "product": scheme.product(a, b)}
        out["relinearised"] = scheme.relinearise(out["product"], keys)
        out["rescaled"] = scheme.rescale(out["relinearised"])
        out["multiplied"] = scheme.multiply_rescale(a, b, keys)
        out["squared"] = scheme.relinearise(scheme.product(a, a), keys)
        out["rotated"] = scheme.rotate(a, keys, step=1)
        out["rotated_low"] = scheme.rotate(out["multiplied"], keys, step=1)
        out["conjugated"] = scheme.rotate(scheme.drop_to_level(b, low), keys, conjugate=True)
        out["ties"] = ties(self.params, self.params.q[-1])
        out["ties_rescaled"] = scheme.rescale(out["ties"])
        digit = self.params.digit(self.params.digits_at(self.params.top) - 1, self.params.top)
        out["digit_ties"] = ties(self.params, math.prod(digit))
        out["digit_ties_rotated"] = scheme.rotate(out["digit_ties"], keys, step=1)
        return out

    def _check_meaning(self):
        """Every decryption is the message that it should be, up to noise: the model itself is right."""
        params, (first, second) = self.params, self.messages
        n, big = params.n, 1 << 128
        both = ring.centred(ring.multiply(first, second, big), big)
        square = ring.centred(ring.multiply(first, first, big), big)
        divided = [round(c / params.q[-1]) for c in both]
        turn = lambda poly, g: ring.centred(ring.automorphism(poly, g, big), big)
        want = {"first": first, "second": second, "product": both, "relinearised": both, "rescaled": divided,
                "multiplied": divided, "squared": square, "rotated": turn(first, 5), "rotated_low": turn(divided, 5),
                "conjugated": turn(second, 2 * n - 1)}
        for name, poly in want.items():
            noise = max(abs(x - y) for x, y in zip(self.decrypted[name], poly))
            limit = n << 24 if name in ("product", "relinearised", "squared") else 2 ** 12  # message times noise; noise
            assert noise < limit, (name, noise, limit)


# --- what is published ---


def words_sha256(words):
    return hashlib.sha256(struct.pack(f"<{len(words)}Q", *words)).hexdigest()


class Publisher:
    """Values as JSON: hashes always, words and bytes for toy rings."""

    def __init__(self, params):
        self.params, self.toy = params, params.log_n <= TOY_LOG_N

    def limbs(self, words):
        out = {"sha256": [words_sha256(limb) for limb in words]}
        return dict(out, words=words) if self.toy else out

    def eval_poly(self, poly, primes):
        return self.limbs(ring.to_words(poly, primes))

    def coefficients(self, poly, primes):
        """The residues of the coefficients, limb by limb; for toy rings the centred integers as well."""
        out = {"sha256": [words_sha256([c % q for c in poly]) for q in primes]}
        return dict(out, integers=[str(c) for c in poly]) if self.toy else out

    def file(self, data):
        out = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        return dict(out, hex=data.hex()) if self.toy else out


def key_name(use):
    return use if use == "relin" else "conjugation" if use[1] else f"rotation_{use[0]}"


def polynomials(world, publish):
    params, secret = world.params, world.secret
    everything = params.q + params.p
    out = {"secret": publish.eval_poly(secret.s, everything)}
    out["public_key.b"] = publish.eval_poly(world.public.b, params.q)
    out["public_key.a"] = publish.eval_poly(world.public.a, params.q)
    for use, key in world.server.keys.items():
        primes = params.chain(key.level) + params.p
        for j, (b, a) in enumerate(zip(key.b, key.a)):
            out[f"{key_name(use)}.b[{j}]"] = publish.eval_poly(b, primes)
            out[f"{key_name(use)}.a[{j}]"] = publish.eval_poly(a, primes)
    for name, c in world.ciphertexts.items():
        for i, part in enumerate(c.parts):
            out[f"{name}.c[{i}]"] = publish.eval_poly(part, params.chain(c.level))
    return out


def file_bytes(world):
    key_id = world.secret.id
    out = {"params": files.params_file(world.params), "secret_key": files.secret_key_file(world.secret),
           "public_key": files.public_key_file(world.public, key_id),
           "server_keys": files.server_keys_file(world.server, key_id)}
    for name, c in world.ciphertexts.items():
        if len(c.parts) == 2:
            out[name] = files.ciphertext_file(c, key_id)
    return out


def encoding(world, publish):
    params = world.params
    slots = slots_to_encode(params.n)
    poly, nearest = embedding.encode(slots, params.n, ENCODING_SCALE)
    assert nearest > 2 ** -20, "a coefficient next to a tie says nothing about an encoder in doubles"
    return {"scale": ENCODING_SCALE, "slots": [[j, re, im] for j, (re, im) in slots.items()],
            "polynomial": publish.eval_poly(poly, params.q), "coefficients": publish.coefficients(poly, params.q)}


def document(world):
    params, publish = world.params, Publisher(world.params)
    literal = {"format": "sotto-params-1", **world.literal}
    n = params.n
    decoded = {name: embedding.decode(world.decrypted[name], world.ciphertexts[name].scale, (0, 1, n // 2 - 1))
               for name in ("multiplied", "rotated", "conjugated")}
    return {
        "format": "sotto-kat-1",
        "params": literal,
        "q": params.q,
        "p": params.p,
        "psi_q": [ring.smallest_root(q, n) for q in params.q],
        "psi_p": [ring.smallest_root(p, n) for p in params.p],
        "params_hash": params.hash.hex(),
        "root_seed": ROOT.hex(),
        "seeds_drawn": world.seeds_drawn,
        "key_id": world.secret.id.hex(),
        "keys": {key_name(use): key.level for use, key in world.server.keys.items()},
        "seeds": {"public_key": world.public.seed.hex(), "first": world.ciphertexts["first"].seed.hex(),
                  **{key_name(use): key.seed.hex() for use, key in world.server.keys.items()}},
        "messages": {name: publish.coefficients(m, params.q) for name, m in zip(("first", "second"), world.messages)},
        "ciphertexts": {name: {"level": c.level, "scale": c.scale} for name, c in world.ciphertexts.items()},
        "polynomials": polynomials(world, publish),
        "decrypted": {name: publish.coefficients(poly, params.chain(world.ciphertexts[name].level))
                      for name, poly in world.decrypted.items()},
        "decoded": {name: [[j, re, im] for j, (re, im) in slots.items()] for name, slots in decoded.items()},
        "encoding": encoding(world, publish),
        "files": {name: publish.file(data) for name, data in file_bytes(world).items()},
    }
