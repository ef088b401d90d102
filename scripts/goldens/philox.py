"""Philox 4x32-10 (Salmon et al. 2011) and the uniforms of stochastic rounding, from the paper.

Checked against the known-answer vectors that Random123 publishes. It knows one stream only: rounding.
"""

import numpy as np

ROUNDING_STREAM = 1
MULTIPLIER = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
MASK = 0xFFFFFFFF

# Random123, tests/kat_vectors, "philox4x32 10": counter, key, output.
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((MASK,) * 4, (MASK,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


def philox(counter, key):
    """Four 32-bit words from a counter of four words and a key of two."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        first, second = MULTIPLIER[0] * c0, MULTIPLIER[1] * c2
        c0, c1, c2, c3 = (second >> 32) ^ c1 ^ k0, second & MASK, (first >> 32) ^ c3 ^ k1, first & MASK
        k0, k1 = (k0 + WEYL[0]) & MASK, (k1 + WEYL[1]) & MASK
    return c0, c1, c2, c3


def rounding_uniforms(seed, step, table, vocabulary, identifier, dim):
    """(D) uniforms in (0, 1) for one row in one step: the middles of 2^23 equal intervals."""
    key = (seed & MASK, seed >> 32)
    words = []
    for block in range((dim + 3) // 4):
        counter = (step, table << 16 | vocabulary, identifier, ROUNDING_STREAM << 16 | block)
        words.extend(philox(counter, key))
    return np.array([((word >> 9) + 0.5) * 2.0**-23 for word in words[:dim]])


def goldens():
    """Uniforms at the corners of counter and key: test/goldens/rounding-uniforms.json."""
    keys = ("seed", "step", "table", "vocabulary", "id", "dim")
    corners = [
        (0, 1, 0, 0, 0, 1),
        (1, 1, 0, 0, 0, 9),
        (1, 2, 0, 0, 0, 4),
        (1, 1, 1, 0, 0, 4),
        (1, 1, 0, 1, 0, 4),
        (1, 1, 0, 0, 1, 4),
        (2**32 + 1, 1, 0, 0, 0, 4),
        (2**53 - 1, 2**32 - 1, 2**16 - 1, 2**16 - 1, 2**32 - 1, 17),
    ]
    return [dict(zip(keys, corner)) | {"uniforms": rounding_uniforms(*corner).tolist()} for corner in corners]


def check():
    for counter, key, expected in KNOWN_ANSWERS:
        assert philox(counter, key) == expected, "Philox disagrees with the Random123 vectors"
