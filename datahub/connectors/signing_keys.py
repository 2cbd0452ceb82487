"""The keys behind secrets of Standard Webhooks, the same for those who sign and those who verify."""

from __future__ import annotations

import base64
import binascii

PREFIX = "whsec_"


def key_of(secret: str) -> bytes:
    """The key of a secret such as `whsec_…`, which is base64; another secret is taken as it is."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    text = secret.removeprefix(PREFIX)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return secret.encode()
