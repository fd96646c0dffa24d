"""Seeds, the AES-256-CTR stream and the samplers of the independent model, from their specification in
tests/data/kat-1/README.md alone. Standard library only; nothing here is fast for one block, all is for many.
"""

import hashlib


def sub_seed(parent, label, params_hash=bytes(32), obj=0, digit=0, limb=0):
    """The 32-byte child of a seed."""
    text = label.encode()
    data = b"sotto-seed-1" + bytes([len(text)]) + text + parent + params_hash
    data += obj.to_bytes(8, "little") + digit.to_bytes(4, "little") + limb.to_bytes(4, "little")
    return hashlib.shake_256(data).digest(32)


class SeedSource:
    """The deterministic source of fresh seeds: one counter for private and public ones."""

    def __init__(self, root):
        self.root, self.count = root, 0

    def _next(self, label):
        self.count += 1
        return sub_seed(self.root, label, obj=self.count - 1)

    def private(self):
        return self._next("rng")

    def public(self):
        return self._next("rng:public")


# --- AES-256 [FIPS 197], sixteen byte strings at a time: string i holds byte i of every block ---


def _times_x(b):
    return b << 1 ^ (0x11B if b & 0x80 else 0)


def _field_product(a, b):
    total = 0
    while b:
        total ^= a if b & 1 else 0
        a, b = _times_x(a), b >> 1
    return total


def _s_box():
    box = []
    for a in range(256):
        inverse = 1
        for _ in range(254):
            inverse = _field_product(inverse, a)
        turned = 0x63
        for turn in range(5):
            turned ^= (inverse << turn | inverse >> (8 - turn)) & 0xFF
        box.append(turned)
    return bytes(box)


S_BOX = _s_box()
DOUBLE = bytes(_times_x(b) for b in range(256))


def _key_schedule(key):
    """The fifteen round keys of 16 bytes."""
    words = [key[i:i + 4] for i in range(0, 32, 4)]
    constant = 1
    while len(words) < 60:
        word = words[-1]
        if len(words) % 8 == 0:
            word = bytes(S_BOX[b] for b in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = _times_x(constant)
        elif len(words) % 8 == 4:
            word = bytes(S_BOX[b] for b in word)
        words.append(bytes(a ^ b for a, b in zip(word, words[-8])))
    return [b"".join(words[i:i + 4]) for i in range(0, 60, 4)]


def _xor(*strings):
    total = 0
    for string in strings:
        total ^= int.from_bytes(string, "little")
    return total.to_bytes(len(strings[0]), "little")


def _encrypt_blocks(key, state):
    """state: sixteen byte strings of one length, byte i of each block in string i."""
    rounds = _key_schedule(key)
    blocks = len(state[0])
    state = [_xor(column, bytes([k]) * blocks) for column, k in zip(state, rounds[0])]
    for number, round_key in enumerate(rounds[1:], 1):
        state = [state[(i + 4 * (i % 4)) % 16].translate(S_BOX) for i in range(16)]
        if number < 14:
            mixed = []
            for i in range(16):
                a, b, c, d = (state[i // 4 * 4 + (i + turn) % 4] for turn in range(4))
                mixed.append(_xor(a.translate(DOUBLE), b.translate(DOUBLE), b, c, d))  # 2 a + 3 b + c + d
            state = mixed
        state = [_xor(column, bytes([k]) * blocks) for column, k in zip(state, round_key)]
    return state


def stream_words(seed, count, first_block=0):
    """`count` words (even) of the stream of a seed, from a counter block on."""
    blocks = count // 2
    counters = b"".join((first_block + i).to_bytes(16, "big") for i in range(blocks))
    out = bytearray(16 * blocks)
    for i, column in enumerate(_encrypt_blocks(seed, [counters[j::16] for j in range(16)])):
        out[i::16] = column
    return [int.from_bytes(out[i:i + 8], "little") for i in range(0, len(out), 8)]


def check_aes():
    """The example of appendix C.3 of FIPS 197."""
    block = bytes.fromhex("00112233445566778899aabbccddeeff")
    got = _encrypt_blocks(bytes(range(32)), [bytes([b]) for b in block])
    assert b"".join(got).hex() == "8ea2b7ca516745bfeafc49904b496089"


# --- samplers: n values from the stream of a seed ---


def uniform(seed, q, n):
    """Words below the largest multiple of q under 2^64, reduced; the others are skipped."""
    limit = (1 << 64) // q * q
    values, block = [], 0
    while len(values) < n:
        values += [w % q for w in stream_words(seed, n, block) if w < limit]
        block += n // 2
    return values[:n]


def ternary(seed, n):
    return [(3 * w >> 64) - 1 for w in stream_words(seed, n)]


def error(seed, n):
    """Centred binomial: 21 coins against 21 coins."""
    return [bin(w & 0x1FFFFF).count("1") - bin(w >> 21 & 0x1FFFFF).count("1") for w in stream_words(seed, n)]
