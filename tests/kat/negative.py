"""Files that a reader must refuse, each violating one rule of docs/file-formats.md and otherwise right: lengths and
every SHA-256 are those of the changed file unless they are what is wrong.
"""

import math

import files
import ring
import scheme
from files import CIPHERTEXT, NO_KEY, PARAMS, PUBLIC_KEY, SECRET_KEY, SERVER_KEYS, literal, seal, u32


def replaced(data, at, new):
    return data[:at] + new + data[at + len(new):]


class Collection:
    """Vectors, and short names for what they are made of."""

    def __init__(self, world):
        self.world, self.params, self.key_id = world, world.params, world.secret.id
        self.vectors = []

    def add(self, kind, name, rule, data, error="corrupt_file"):
        self.vectors.append({"name": name, "kind": kind, "rule": rule, "error": error, "hex": data.hex()})

    def sealed(self, kind, front, rest=b"", params_hash=None, key_id=None, **header):
        own_key = NO_KEY if kind == PARAMS else self.key_id
        return seal(kind, params_hash or self.params.hash, key_id or own_key, front, rest, **header)


def add_headers(c):
    front = files.ciphertext_body(c.world.ciphertexts["first"])
    good = c.sealed(CIPHERTEXT, front)
    put = lambda name, rule, data: c.add("ciphertext", "header: " + name, rule, data)
    put("magic", "the magic is SOTTO and three zeros", c.sealed(CIPHERTEXT, front, magic=b"SOTTA\0\0\0"))
    put("magic tail", "the magic is SOTTO and three zeros", c.sealed(CIPHERTEXT, front, magic=b"SOTTO\0\0\1"))
    put("version 0", "the format version is 1 or 2", c.sealed(CIPHERTEXT, front, version=0))
    put("version 3", "the format version is 1 or 2", c.sealed(CIPHERTEXT, front, version=3))
    put("version 2", "ciphertexts are of version 1", c.sealed(CIPHERTEXT, front, version=2))
    put("type 6", "the type is 1 to 5", c.sealed(6, front))
    put("another type", "the type is the expected one", c.sealed(PUBLIC_KEY, front))
    put("empty", "a file has 112 bytes of header", b"")
    put("cut header", "a file has 112 bytes of header", good[:111])
    put("header alone", "the file is exactly 112 + body length", good[:112])
    put("one byte short", "the file is exactly 112 + body length", good[:-1])
    put("one byte long", "the file is exactly 112 + body length", good + b"\0")
    put("body length wraps", "the body length is at most 2^40", c.sealed(CIPHERTEXT, front, body_length=2 ** 64 - 112))
    put("body length above 2^40", "the body length is at most 2^40",
        c.sealed(CIPHERTEXT, front, body_length=2 ** 40 + 1))
    put("front longer than body", "the front is not longer than the body",
        c.sealed(CIPHERTEXT, front, front_length=len(front) + 1))
    put("front shorter than body", "the front is the whole body, except in server keys",
        c.sealed(CIPHERTEXT, front[:-1], front[-1:]))
    put("digest", "the SHA-256 covers bytes 0 to 79 and the front", replaced(good, 80, bytes([good[80] ^ 1])))
    put("digest of the front alone", "the SHA-256 covers bytes 0 to 79 and the front",
        c.sealed(CIPHERTEXT, front, digest=scheme.sha256(front)))
    put("flipped payload", "the SHA-256 covers bytes 0 to 79 and the front",
        replaced(good, len(good) - 1, bytes([good[-1] ^ 1])))


def add_params(c):
    params = c.params

    def hash_of(**changed):
        fields = dict(log_n=params.log_n, q=params.q, p=params.p, log_scale=params.log_scale, digits=params.digits)
        fields.update({k: v for k, v in changed.items() if k in fields})
        view = type("Fields", (), fields)
        return scheme.sha256(type(params).hashed(view))

    def put(title, rule, **changed):
        c.add("params", "literal: " + title, rule,
              c.sealed(PARAMS, literal(params, **changed), params_hash=hash_of(**changed)))

    q, p, step = params.q, params.p, 2 * params.n
    shifted = next(x for x in range(q[1] + 2, q[1] + 10 ** 4, 2) if x % step != 1 and ring.is_prime(x))
    composite = next(x for x in range(q[1] + step, 2 * q[1], step) if not ring.is_prime(x))
    put("name empty", "a name has 1 to 64 characters", name=b"")
    put("name of 65", "a name has 1 to 64 characters", name=b"insecure_" + b"a" * 56)
    put("name with a slash", "a name is of letters, digits, '_', '-', '.'", name=b"insecure_a/b")
    put("name with a zero", "a name is of letters, digits, '_', '-', '.'", name=b"insecure_a\0b")
    put("log_n 3", "log_n is 4 to 17", log_n=3)
    put("log_n 18", "log_n is 4 to 17", log_n=18)
    put("no chain prime", "1 to 128 primes, one of each kind at least", q=[])
    put("no special prime", "1 to 128 primes, one of each kind at least", p=[])
    put("counts beyond the body", "lengths follow from the literal", q_count=64)
    put("huge count", "lengths follow from the literal", q_count=2 ** 32 - 1)
    narrow = scheme.Params(params.name, 4, params.log_q, [35], params.log_scale, params.digits)
    put("P too small", "P exceeds the largest digit by 4 bits", p=narrow.p)
    many = scheme.Params(params.name, 4, [33] + [28] * 127, [41], 28, 64)
    put("129 primes", "1 to 128 primes, one of each kind at least", q=many.q, p=many.p, digits=64)
    odd = scheme.Params(params.name, 4, [33, 28, 28, 28], [60, 60], 28, 2)
    put("digits 3 for 4 primes", "no digit is empty", q=odd.q, p=odd.p, digits=3)
    put("composite", "every q and p is prime", q=[q[0], composite, q[2]])
    put("not 1 modulo 2N", "every q and p is 1 modulo 2N", q=[q[0], shifted, q[2]])
    put("prime twice", "primes are distinct", q=[q[0], q[1], q[1]])
    put("prime twice, q and p", "primes are distinct", p=[p[0], q[0]])
    put("prime 0", "a prime is 2^19 or more and below 2^61", q=[q[0], 0, q[2]])
    wide = next(x for x in range(2 ** 61 + 1, 2 ** 62, step) if ring.is_prime(x))
    put("prime above 2^61", "a prime is 2^19 or more and below 2^61", p=[wide])
    put("digits 0", "digits is 1 to the number of q", digits=0)
    put("digits 4", "digits is 1 to the number of q", digits=4)
    small = next(x for x in range(2 ** 27 + 1, 2 ** 28, step) if ring.is_prime(x))
    put("q[0] below the scale", "q[0] holds a value of 1 at the nominal scale", q=[small] + q[1:])
    for value, text in ((math.nan, "not a number"), (math.inf, "infinite"), (9.5, "9.5"), (60.5, "60.5")):
        put("log_scale " + text, "log_scale is 10 to 60", log_scale=value)
    put("scale drifts", "canonical scales stay within a factor 2 of the nominal one", log_scale=26.5)
    put("small ring without the name", "a ring below 2^10 is called insecure_", name=b"kat")
    weak = scheme.Params(name="kat", log_n=12, log_q=[60, 45], log_p=[60, 60], log_scale=45, digits=1)
    c.add("params", "literal: insecure without the name", "a set below 128 bits is called insecure_",
          c.sealed(PARAMS, literal(weak), params_hash=weak.hash), "insecure")
    front = literal(params)
    empty = u32(0) + u32(0)  # no levels, no scales
    c.add("params", "params: version 2 without lists", "version 2 names levels or scales",
          c.sealed(PARAMS, front + empty, params_hash=scheme.sha256(params.hashed() + b"levels" + empty), version=2))
    c.add("params", "params: version 1 with lists", "nothing is left over", c.sealed(PARAMS, front + empty))
    c.add("params", "params: hash", "the header's params hash is that of the literal",
          c.sealed(PARAMS, front, params_hash=bytes(32)))
    c.add("params", "params: key id", "parameters carry no key id", c.sealed(PARAMS, front, key_id=c.key_id))
    c.add("params", "params: byte left over", "nothing is left over", c.sealed(PARAMS, front + b"\0"))


def add_keys(c):
    params, secret = c.params, c.world.secret
    front = literal(params)
    codes = [x + 1 for x in secret.s]
    put = lambda name, rule, data: c.add("secret_key", "secret key: " + name, rule, data)
    put("code 3", "a coefficient is 0, 1 or 2", c.sealed(SECRET_KEY, front + files.ternary(None, codes[:-1] + [3])))
    put("a byte short", "lengths follow from the literal", c.sealed(SECRET_KEY, front + files.ternary(secret.s)[:-1]))
    put("a byte long", "lengths follow from the literal", c.sealed(SECRET_KEY, front + files.ternary(secret.s) + b"\0"))
    put("params hash", "the header's params hash is that of the literal",
        c.sealed(SECRET_KEY, front + files.ternary(secret.s), params_hash=bytes(32)))
    words = ring.to_words(c.world.public.b, params.q)
    put = lambda name, rule, data: c.add("public_key", "public key: " + name, rule, data)
    pack = lambda limbs: b"".join(files.limb(x, q) for x, q in zip(limbs, params.q))
    for i, q in enumerate(params.q):
        raised = [list(x) for x in words]
        raised[i][5] = q
        put(f"residue q[{i}]", "a residue is below its prime",
            c.sealed(PUBLIC_KEY, front + c.world.public.seed + pack(raised)))
    body = front + c.world.public.seed + pack(words)
    put("a limb short", "lengths follow from the literal",
        c.sealed(PUBLIC_KEY, front + c.world.public.seed + pack(words[:-1])))
    put("a byte long", "lengths follow from the literal", c.sealed(PUBLIC_KEY, body + b"\0"))
    put("params hash", "the header's params hash is that of the literal",
        c.sealed(PUBLIC_KEY, body, params_hash=bytes(32)))


def add_server_keys(c):
    params = c.params
    lines = [[kind, step, key.level, files.key_block(params, key), None]
             for kind, step, key in files.in_file_order(c.world.server)]
    head = literal(params)

    def file(lines, count=None, gap=0, cut=0, shift=0):
        front, rest = head + u32(len(lines) if count is None else count), b""
        offset = 112 + len(front) + 60 * len(lines) + shift
        for i, (kind, step, level, block, digest) in enumerate(lines):
            offset += gap if i == 1 else 0
            rest += bytes(gap if i == 1 else 0)
            front += files.table_line(kind, step, level, offset, block, digest)
            rest, offset = rest + block, offset + len(block)
        return c.sealed(SERVER_KEYS, front, rest[:len(rest) - cut] if cut >= 0 else rest + bytes(-cut))

    def put(name, rule, data):
        c.add("server_keys", "server keys: " + name, rule, data)

    def changed(i, **fields):
        names = ("kind", "step", "level", "block", "digest")
        out = [list(line) for line in lines]
        for name, value in fields.items():
            out[i][names.index(name)] = value
        return out

    relin, rotation, conjugation = lines
    slots = params.n // 2
    put("kind 3", "a kind is 0, 1 or 2", file(changed(2, kind=3)))
    put("relinearisation with a step", "the step of kind 0 is 0", file(changed(0, step=1)))
    put("rotation by 0", "the step of kind 1 is 1 to N/2 - 1", file(changed(1, step=0)))
    put("rotation by N/2", "the step of kind 1 is 1 to N/2 - 1", file(changed(1, step=slots)))
    put("conjugation by N/2", "the step of kind 2 is 0 to N/2 - 1", file(changed(2, step=slots)))
    put("level above the top", "a level is below the number of q", file(changed(0, level=params.top + 1)))
    put("level below the key", "the length of a key follows from its level", file(changed(0, level=params.top - 1)))
    put("order", "lines ascend by (kind, step)", file([rotation, relin, conjugation]))
    put("twice", "no line twice", file([relin, rotation, rotation]))
    put("gap", "keys lie without gaps", file(lines, gap=1))
    put("key in the table", "the first key lies right behind the front", file(lines, shift=-60))
    put("key cut", "the last key ends the file", file(lines, cut=1))
    put("byte left over", "the last key ends the file", file(lines, cut=-1))
    put("count above", "the table fills the front", file(lines, count=4))
    put("count below", "the table fills the front", file(lines, count=2))
    put("count wraps", "the table fills the front", file(lines, count=2 ** 32 - 1))
    put("digest of a key", "the SHA-256 of a key is that of its bytes", file(changed(1, digest=bytes(32))))
    block = relin[3]
    put("residue above", "a residue is below its prime",
        file(changed(0, block=block[:32] + files.limb([params.q[0]] + [0] * (params.n - 1), params.q[0])
                     + block[32 + params.n * params.q[0].bit_length() // 8:])))
    special = params.p[-1]
    put("special residue above", "a residue is below its prime",
        file(changed(0, block=block[:-params.n * special.bit_length() // 8]
                     + files.limb([0] * (params.n - 1) + [special], special))))
    good = files.server_keys_file(c.world.server, c.key_id)
    put("payload flipped", "the SHA-256 of a key is that of its bytes",
        replaced(good, len(good) - 1, bytes([good[-1] ^ 1])))


def add_ciphertexts(c):
    params, cipher = c.params, c.world.ciphertexts
    seeded, plain = cipher["first"], cipher["second"]
    put = lambda name, rule, data: c.add("ciphertext", "ciphertext: " + name, rule, data)
    body = files.ciphertext_body
    put("level above the top", "the level is below the number of q",
        c.sealed(CIPHERTEXT, body(plain, level=params.top + 1)))
    put("level 2^32 - 1", "the level is below the number of q", c.sealed(CIPHERTEXT, body(plain, level=2 ** 32 - 1)))
    put("level below", "the length follows from the level", c.sealed(CIPHERTEXT, body(plain, level=params.top - 1)))
    for parts in (0, 1, 3):
        put(f"{parts} parts", "there are 2 parts", c.sealed(CIPHERTEXT, body(plain, parts=parts)))
    put("flag 2", "the flag is 0 or 1", c.sealed(CIPHERTEXT, body(seeded, flag=2)))
    put("flag 0 with a seed", "the length follows from the flag", c.sealed(CIPHERTEXT, body(seeded, flag=0)))
    put("flag 1 without a seed", "the length follows from the flag", c.sealed(CIPHERTEXT, body(plain, flag=1)))
    bound = float(2 ** params.modulus(params.top).bit_length())
    for scale, text in ((0.0, "0"), (-0.0, "-0"), (-2.0 ** 28, "negative"), (math.inf, "infinite"),
                        (math.nan, "not a number"), (bound, "above the modulus")):
        put("scale " + text, "the scale is finite, above 0, below the modulus of the level",
            c.sealed(CIPHERTEXT, body(plain, scale=scale)))
    limb_bytes = params.n * params.q[0].bit_length() // 8
    above = files.limb([0] * 7 + [params.q[0]] + [0] * (params.n - 8), params.q[0])
    good = body(plain)
    part_bytes = (len(good) - 20) // 2
    put("residue above in part 0", "a residue is below its prime", c.sealed(CIPHERTEXT, replaced(good, 20, above)))
    put("residue above in part 1", "a residue is below its prime",
        c.sealed(CIPHERTEXT, replaced(good, 20 + part_bytes, above)))
    put("all ones", "a residue is below its prime", c.sealed(CIPHERTEXT, replaced(good, 20, b"\xff" * limb_bytes)))
    put("byte left over", "nothing is left over", c.sealed(CIPHERTEXT, good + b"\0"))
    put("byte missing", "the length follows from the level", c.sealed(CIPHERTEXT, good[:-1]))
    put("other parameters", "the params hash is the one in use", c.sealed(CIPHERTEXT, good, params_hash=bytes(32)))
    put("other key", "the key id is the one in use", c.sealed(CIPHERTEXT, good, key_id=bytes(15) + b"\1"))


def document(world):
    collection = Collection(world)
    for add in (add_headers, add_params, add_keys, add_server_keys, add_ciphertexts):
        add(collection)
    return {"format": "sotto-kat-negative-1", "beside": world.params.name, "vectors": collection.vectors}
