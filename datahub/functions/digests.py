"""Digests of texts: the same for the same text everywhere, so that they serve as keys and as proof."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_DNS, NAMESPACE_OID, NAMESPACE_URL, NAMESPACE_X500, UUID, uuid5

import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Reject, broadcast, map_distinct
from datahub.functions.declare import Datum, Outcome, example, function
from datahub.functions.written import as_text

NAMESPACES = {"dns": NAMESPACE_DNS, "url": NAMESPACE_URL, "oid": NAMESPACE_OID, "x500": NAMESPACE_X500}


def _digest(algorithm: Callable[..., Any], value: Datum) -> pa.Array:
    # No kernel digests: once for each distinct text.
    return map_distinct(lambda text: algorithm(text.encode()).hexdigest(), pa.string(), value).values


@function(
    "md5(value: text) -> text",
    sql="MD5",
    also=("VRL md5", "DataWeave Crypto::MD5", "GREL md5", "Bloblang hash md5"),
    examples=[example('md5("foo")', "acbd18db4cc2f85cedef654fccc4a4d8"), example('md5("")', "d41d8cd98f00b204e9800998ecf8427e")],
)
def md5(value: Datum) -> pa.Array:
    """The MD5 of a text's UTF-8 in hexadecimal digits; fit to tell texts apart, not to protect anything."""
    return _digest(hashlib.md5, value)


@function(
    "sha1(value: text) -> text",
    sql="SHA1",
    also=("VRL sha1", "DataWeave Crypto::SHA1", "GREL sha1", "Bloblang hash sha1"),
    examples=[
        example('sha1("foo")', "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"),
        example('sha1("")', "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    ],
)
def sha1(value: Datum) -> pa.Array:
    """The SHA-1 of a text's UTF-8 in hexadecimal digits; fit to tell texts apart, not to protect anything."""
    return _digest(hashlib.sha1, value)


@function(
    "sha256(value: text) -> text",
    sql="SHA256",
    also=("VRL sha2", "DataWeave Crypto::hashWith", "Bloblang hash sha256", "JSLT sha256-hex"),
    examples=[
        example('sha256("foo")', "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"),
        example('sha256("")', "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ],
)
def sha256(value: Datum) -> pa.Array:
    """The SHA-256 of a text's UTF-8 in hexadecimal digits."""
    return _digest(hashlib.sha256, value)


@function(
    "sha512(value: text) -> text",
    sql="SHA512",
    also=("VRL sha2", "Bloblang hash sha512"),
    examples=[example('left(sha512("foo"), 16)', "f7fbba6e0636f890"), example('length(sha512(""))', 128), example("sha512(null)", None)],
)
def sha512(value: Datum) -> pa.Array:
    """The SHA-512 of a text's UTF-8 in hexadecimal digits."""
    return _digest(hashlib.sha512, value)


@function(
    "hmac_sha256(value: text, key: text) -> text",
    sql="HMAC",
    also=("VRL hmac", "DataWeave Crypto::HMACWith", "Bloblang hash hmac_sha256"),
    examples=[
        example(
            'hmac_sha256("The quick brown fox jumps over the lazy dog", "key")',
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
        ),
        example('length(hmac_sha256("a", "b"))', 64),
    ],
)
def hmac_sha256(value: Datum, key: Datum) -> pa.Array:
    """The HMAC of a text under a key, with SHA-256, in hexadecimal digits: proof that who sent the text knows the key."""
    return map_distinct(lambda text, secret: hmac.new(secret.encode(), text.encode(), "sha256").hexdigest(), pa.string(), value, key).values


@function(
    "crc32(value: text) -> int",
    sql="CRC32",
    also=("VRL crc", "MySQL CRC32", "Bloblang hash crc32"),
    examples=[example('crc32("foo")', 2356372769), example('crc32("")', 0)],
)
def crc32(value: Datum) -> pa.Array:
    """The CRC-32 of a text's UTF-8 as a number from 0 to 4294967295."""
    return map_distinct(lambda text: zlib.crc32(text.encode()), pa.int64(), value).values


@function(
    "uuid5(namespace: text, name: text) -> text",
    rejects=("R603",),
    sql="UUID_V5",
    also=("VRL uuid_v5", "PostgreSQL uuid_generate_v5", "Bloblang uuid_v5"),
    examples=[
        example('uuid5("dns", "example.org")', "aad03681-8b63-5304-89e0-8ca8f49461b5"),
        example('uuid5("nonsense", "a")', rejected="R603"),
    ],
)
def uuid5_of(namespace: Datum, name: Datum) -> Outcome:
    """The UUID, version 5, of a name in a namespace: the same name always has the same.

    The namespace is `dns`, `url`, `oid`, `x500` or a UUID; any other text is a reject (R603).
    """
    return map_distinct(_uuid, pa.string(), namespace, name)


def _uuid(namespace: str, name: str) -> str | Reject:
    try:
        return str(uuid5(NAMESPACES.get(namespace) or UUID(namespace), name))
    except ValueError:
        return Reject("R603")


@function(
    "hash(values: any?...) -> text",
    sql="HASH",
    also=("dbt_utils.generate_surrogate_key", "DuckDB hash", "Snowflake HASH", "Polars hash", "JSLT hash-int"),
    examples=[
        example('hash("a", 1) = hash("a", 1)', True),
        example('hash("ab", "c") = hash("a", "bc")', False),
        example('hash(null) = hash("")', False),
        example('length(hash("a"))', 32),
    ],
)
def hash_of(*values: Datum) -> pa.Array:
    """A key out of any values, as 32 hexadecimal digits: the same values in the same order always give the same.

    Null counts as a value of its own. It is the BLAKE2b digest (128 bits) of each value's text, its length before it.
    """
    columns = [as_text(one) for one in broadcast(*values)]
    parts = []
    for column in columns:
        length = pc.cast(pc.binary_length(column), pa.string())
        parts.append(pc.fill_null(pc.binary_join_element_wise(length, ":", column, ""), "-"))
    joined = pc.binary_join_element_wise(*parts, "")
    return map_distinct(lambda text: hashlib.blake2b(text.encode(), digest_size=16).hexdigest(), pa.string(), joined).values
