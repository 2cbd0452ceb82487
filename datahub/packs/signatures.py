"""Who has vouched for a pack: signatures by Ed25519 keys as OpenSSH has them, over the pack's name, version and the hash of its files.

A signature lies beside the archive (`acme.codes-1.0.0.tar.gz.sig`), so that a pack is the same with it or without. It is needed where
dhm.toml names `signers`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key, load_ssh_public_key
from pydantic import BaseModel, ConfigDict, ValidationError

from datahub.packs.open import ENDING as ENDING
from datahub.packs.open import OpenedPack
from datahub.project.failures import TerminalError

LARGEST = 64 << 10


class Signature(BaseModel):
    """One signature: the public key as OpenSSH writes it, without its comment, and the signature in base64."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    signature: str


class Signatures(BaseModel):
    """What a file of signatures holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    signatures: tuple[Signature, ...] = ()


def signed(pack: OpenedPack, key: bytes, passphrase: bytes | None = None) -> Signature:
    """The signature of `pack` with the private key in `key`; `TerminalError` where that is none that signs packs."""
    try:
        private = load_ssh_private_key(key, passphrase)
    except TypeError:
        raise TerminalError("the key has a passphrase", "it is asked for on a terminal") from None
    except (ValueError, UnsupportedAlgorithm) as problem:
        raise TerminalError(f"the key cannot be read: {problem}", "`ssh-keygen -t ed25519` makes one") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise TerminalError("packs are signed with Ed25519", "`ssh-keygen -t ed25519` makes such a key")
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return Signature(key=public, signature=base64.b64encode(private.sign(_statement(pack))).decode())


def added(before: bytes | None, one: Signature, shown: str) -> bytes:
    """A file of signatures with `one` in it, in the place of an earlier one of the same key."""
    others = [other for other in (read(before, shown) if before is not None else ()) if other.key != one.key]
    made = Signatures(signatures=(*others, one))
    return (made.model_dump_json(indent=2) + "\n").encode()


def read(data: bytes, shown: str) -> tuple[Signature, ...]:
    """The signatures in a file."""
    try:
        return Signatures.model_validate_json(data[:LARGEST]).signatures
    except ValidationError:
        raise TerminalError(f"`{shown}` holds no signatures of a pack", "`dhm pack sign` writes it") from None


def signers(pack: OpenedPack, signatures: Iterable[Signature]) -> tuple[str, ...]:
    """The keys that have signed `pack`; `TerminalError` where a signature is not of these files."""
    found = []
    for one in signatures:
        if not _holds(pack, one):
            help = "the pack was changed after it was signed, or the signature is of another version"
            raise TerminalError(f"the signature of {pack.called} by {one.key} does not hold", help)
        found.append(one.key)
    return tuple(found)


def require(pack: OpenedPack, data: bytes | None, allowed: Iterable[str], shown: str) -> None:
    """Make sure that one of the keys `allowed` has signed `pack`."""
    keys = {_plain(key) for key in allowed}
    if data is None:
        raise TerminalError(f"{pack.called} is not signed", f"dhm.toml names who has to: there is no `{shown}`")
    # Signatures of others are nobody's business here: only a key that counts can make the pack count.
    ours = [one for one in read(data, shown) if one.key in keys]
    if not signers(pack, ours):
        raise TerminalError(f"{pack.called} is signed by nobody whom dhm.toml names", "add the key to `signers`, once you know whose it is")


def _plain(key: str) -> str:
    """A key without its comment."""
    return " ".join(key.split()[:2])


def _holds(pack: OpenedPack, one: Signature) -> bool:
    try:
        key = load_ssh_public_key(one.key.encode())
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(base64.b64decode(one.signature, validate=True), _statement(pack))
    except (ValueError, UnsupportedAlgorithm, InvalidSignature, binascii.Error):
        return False
    return True


def _statement(pack: OpenedPack) -> bytes:
    """What is signed: not the bytes of an archive, which the same files may have in several ways."""
    return f"dhm pack\n{pack.manifest.name}\n{pack.manifest.version}\n{pack.contents.digest}\n".encode()
