#!/usr/bin/env python3
"""Usage: tests/kat/generate.py [--check] [--toy]

Makes the known-answer vectors of tests/data/kat-1 anew, from the independent model alone: plain Python integers
and the standard library, not a line or a table shared with the engine.
  --check  writes nothing and fails when a published file differs
  --toy    the rings of degree 16 and the negative vectors only (a second instead of a minute)
"""

import json
import pathlib
import random
import sys

import negative
import randomness
import ring
import vectors

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "data" / "kat-1"


def to_text(value, indent=""):
    """JSON with one line for each list of scalars."""
    deeper = indent + " "
    if isinstance(value, dict):
        items = [f"{deeper}{json.dumps(k)}: {to_text(v, deeper)}" for k, v in value.items()]
        return "{\n" + ",\n".join(items) + "\n" + indent + "}"
    if isinstance(value, list) and any(isinstance(v, (list, dict)) for v in value):
        return "[\n" + ",\n".join(deeper + to_text(v, deeper) for v in value) + "\n" + indent + "]"
    return json.dumps(value)


def check_tools(literal):
    """The fast paths of the model against the definitions."""
    randomness.check_aes()
    params = vectors.scheme.Params(**literal)
    pick = random.Random(1)
    for q in params.q + params.p:
        assert all(pow(ring.smallest_root(q, params.n), e, q) != 1 for e in (1, params.n))
        poly = [pick.randrange(q) for _ in range(params.n)]
        words, psi = ring.evaluate(poly, q), ring.smallest_root(q, params.n)
        assert ring.interpolate(words, q) == poly
        for i in [0, params.n - 1] + [pick.randrange(params.n) for _ in range(6)]:
            point = pow(psi, 2 * ring.reverse_bits(i, params.log_n) + 1, q)
            assert words[i] == ring.value_at(poly, point, q)
    modulus = params.modulus(params.top) * params.special
    a, b = ([pick.randrange(modulus) for _ in range(16)] for _ in range(2))
    assert ring.multiply(a, b, modulus) == ring.schoolbook(a, b, modulus)


def publish(name, document, check):
    """True unless a published file differs."""
    path, text = FOLDER / f"{name}.json", to_text(document) + "\n"
    if not check:
        path.write_text(text)
        print(f"{path.name}: {len(text)} bytes")
        return True
    published = path.read_text() if path.exists() else ""
    if published == text:
        print(f"{path.name}: the same")
        return True
    for number, (mine, theirs) in enumerate(zip(text.splitlines(), published.splitlines()), 1):
        if mine != theirs:
            print(f"{path.name}:{number}: published {theirs[:160]}\n  the model gives {mine[:160]}", file=sys.stderr)
            return False
    print(f"{path.name}: published {len(published)} bytes, the model gives {len(text)}", file=sys.stderr)
    return False


def main(arguments):
    unknown = set(arguments) - {"--check", "--toy"}
    if unknown:
        sys.exit(__doc__)
    check, toy = "--check" in arguments, "--toy" in arguments
    good = True
    for literal in vectors.SETS:
        if toy and literal["log_n"] > vectors.TOY_LOG_N:
            continue
        check_tools(literal)
        ring.Rounding.coefficients = ring.Rounding.other_neighbour = 0
        world = vectors.World(literal)
        print(f"{literal['name']}: {ring.Rounding.other_neighbour} of {ring.Rounding.coefficients} centred remainders "
              "next to a tie are the other neighbour")
        good &= publish(literal["name"], vectors.document(world), check)
        if literal is vectors.SETS[0]:
            good &= publish("negative", negative.document(world), check)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
