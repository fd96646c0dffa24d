"""Objects of the independent model as files, from docs/file-formats.md. Every field can be overridden, so that
negative.py can write files that violate one rule and are otherwise right.
"""

import struct

from ring import to_words
from scheme import sha256

PARAMS, SECRET_KEY, PUBLIC_KEY, SERVER_KEYS, CIPHERTEXT = 1, 2, 3, 4, 5
NO_KEY = bytes(16)


def u32(x):
    return struct.pack("<I", x)


def u64(x):
    return struct.pack("<Q", x)


def f64(x):
    return struct.pack("<d", x)


def seal(kind, params_hash, key_id, front, rest=b"", magic=b"SOTTO\0\0\0", version=1, body_length=None,
         front_length=None, digest=None):
    """A whole file: header, front and what lies behind it."""
    head = magic + u32(version) + u32(kind) + params_hash + key_id
    head += u64(len(front) + len(rest) if body_length is None else body_length)
    head += u64(len(front) if front_length is None else front_length)
    return head + (sha256(head + front) if digest is None else digest) + front + rest


def literal(params, name=None, log_n=None, q_count=None, p_count=None, digits=None, log_scale=None, q=None, p=None):
    name = params.name.encode() if name is None else name
    q, p = params.q if q is None else q, params.p if p is None else p
    out = u32(len(name)) + u32(params.log_n if log_n is None else log_n)
    out += u32(len(q) if q_count is None else q_count) + u32(len(p) if p_count is None else p_count)
    out += u32(params.digits if digits is None else digits)
    out += f64(params.log_scale if log_scale is None else log_scale) + name
    return out + b"".join(u64(x) for x in q + p)


def limb(words, q):
    """Residue k from bit k w on, w the bits of the prime."""
    width = q.bit_length()
    return sum(x << k * width for k, x in enumerate(words)).to_bytes(len(words) * width // 8, "little")


def poly(coefficients, primes):
    return b"".join(limb(words, q) for words, q in zip(to_words(coefficients, primes), primes))


def ternary(s, replaced=None):
    """Two bits a coefficient: 0, 1, 2 for -1, 0, 1."""
    codes = [x + 1 for x in s] if replaced is None else replaced
    return sum(x << 2 * k for k, x in enumerate(codes)).to_bytes(len(codes) // 4, "little")


def params_file(params):
    return seal(PARAMS, params.hash, NO_KEY, literal(params))


def secret_key_file(secret):
    params = secret.params
    return seal(SECRET_KEY, params.hash, secret.id, literal(params) + ternary(secret.s))


def public_key_file(key, key_id):
    params = key.params
    return seal(PUBLIC_KEY, params.hash, key_id, literal(params) + key.seed + poly(key.b, params.q))


def key_block(params, key):
    primes = params.chain(key.level) + params.p
    return key.seed + b"".join(poly(b, primes) for b in key.b)


def table_line(kind, step, level, offset, block, digest=None):
    return u32(kind) + u32(step) + u32(level) + u64(offset) + u64(len(block)) + (digest or sha256(block))


def in_file_order(keys):
    """(kind, step, key): ascending."""
    lines = []
    for use, key in keys.keys.items():
        kind, step = (0, 0) if use == "relin" else (2 if use[1] else 1, use[0])
        lines.append((kind, step, key))
    return sorted(lines, key=lambda line: line[:2])


def server_keys_file(keys, key_id):
    params, lines = keys.params, in_file_order(keys)
    blocks = [key_block(params, key) for _, _, key in lines]
    front = literal(params) + u32(len(lines))
    offset = 112 + len(front) + 60 * len(lines)
    for (kind, step, key), block in zip(lines, blocks):
        front += table_line(kind, step, key.level, offset, block)
        offset += len(block)
    return seal(SERVER_KEYS, params.hash, key_id, front, b"".join(blocks))


def ciphertext_body(c, level=None, parts=2, flag=None, scale=None):
    primes = c.params.chain(c.level)
    seeded = c.seed is not None
    body = u32(c.level if level is None else level) + u32(parts)
    body += u32(int(seeded) if flag is None else flag) + f64(c.scale if scale is None else scale)
    if seeded:
        return body + c.seed + poly(c.parts[0], primes)
    return body + b"".join(poly(part, primes) for part in c.parts)


def ciphertext_file(c, key_id):
    return seal(CIPHERTEXT, c.params.hash, key_id, ciphertext_body(c))
