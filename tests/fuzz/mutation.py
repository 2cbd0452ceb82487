"""Damages bytes by chance, from a seed: the same seed gives the same damage."""

from __future__ import annotations

import random
from collections.abc import Sequence

ODD = (
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\n\n", b"\t", b'"', b"'", b"{", b"}", b"[", b"]", b"(", b")", b"<", b">", b"&", b"|", b"#", b"\\", b"/",
    b",", b";", b":", b"..", b"?.", b"@", b"`", b'"""', b"-", b"$", b"%", b"=", b"null", b"not", b"case", b"end", b"for", b"0", b"-1", b"1e999", b"9" * 40,
    b"\xc3", "é".encode(), "\u2028".encode(), "\U0001f600".encode(), "\u202e".encode(), b"\\u{110000}", b"\\ud800", b"<![CDATA[", b"]]>", b"&#0;", b"<!--", b"NaN",
)  # fmt: skip
MOST = 20_000
"""How long an input may become."""


def damaged(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """One of the seeds, changed at one to eight places; half the time with a piece of another one in it."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
        at = chance.randrange(len(data) + 1)
        to = min(len(data), at + chance.choice((1, 1, 2, 4, 16, 64)))
        match chance.randrange(8):
            case 0:
                del data[at:to]
            case 1 | 2:
                data[at:at] = chance.choice(ODD)
            case 3:
                data[at:to] = chance.choice(ODD)
            case 4:
                other = chance.choice(seeds)
                begin = chance.randrange(len(other) + 1)
                data[at:to] = other[begin : begin + chance.choice((1, 4, 16, 64))]
            case 5:
                data[at:at] = data[at:to] * chance.choice((1, 2, 3, 60))
            case 6 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case _:
                del data[at : len(data) if chance.random() < 0.2 else to]
    return bytes(data[:MOST])
