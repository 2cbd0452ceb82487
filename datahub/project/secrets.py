"""References to what does not stand in `dhm.toml`: `${env:NAME}`, `${env:NAME:-default}`, `${file:PATH}`, `${keyring:SERVICE/USER}`."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from datahub.project.failures import TerminalError
from datahub.project.redaction import redacted
from datahub.project.telltale import NAMED, header_refers, secret_parts

_REFERENCE = re.compile(r"\$(?P<escaped>\$)?\{(?P<kind>[a-z]*):(?P<name>[^}]*?)(?::-(?P<default>[^}]*))?\}")
_MEANT = re.compile(
    r"\$\{?(?:(?i:env|file|keyring):)?[A-Za-z_]*\}?|\$\{(?i:env|file|keyring):[\w/.~-]*\}?|\$\{[a-z-]{2,16}:[A-Za-z_/.-]+\}"
)
"""What is surely meant as a reference, such as `$PASSWORD`, and so may be shown."""
_AROUND = re.compile(r"\s*((?i:bearer|basic|token|api-?key|key|digest|sso-key|negotiate)\s+)?(?i:(token|key|session|sid)=)?\"?[\s:]*\"?\s*")
"""What may stand beside the references to a secret: the words that a header begins with, and what parts a user from a password."""
_KINDS = ("env", "file", "keyring")


class Undefined(TerminalError):
    """A reference to something that is not there."""


class NoReference(Undefined):
    """What looks like a reference, and is of no kind that there is."""


class Vault:
    """Finds what references stand for, and remembers every secret it handed out, so that a redactor can look for them."""

    def __init__(self, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self._folder = folder or Path()
        self.revealed: set[str] = set()
        """The secrets that were handed out so far."""

    def fill(self, text: str) -> str:
        """`text` with its references replaced; `$${` stands for `${`.

        What of them is secret by its name, or by its place in an address, is remembered.
        """
        found = {match.start(): self._found(match) for match in _REFERENCE.finditer(text)}
        for match in _REFERENCE.finditer(text):
            if not match["escaped"]:
                value = found[match.start()]
                secret = match["kind"] != "env" or NAMED.search(match["name"])
                for one in (value,) if secret else secret_parts(text[: match.start()], value, text[match.end() :]):
                    redacted.remember(one)
        return _REFERENCE.sub(lambda match: found[match.start()], text)

    def reveal(self, text: str) -> str:
        """The same for a secret, which is remembered."""
        value = self.fill(text)
        if value:
            self.revealed.add(value)
            self.revealed.update(part for match in _REFERENCE.finditer(text) if len(part := self._found(match)) > 3)
            for one in self.revealed:
                redacted.remember(one)
        return value

    def _found(self, match: re.Match[str]) -> str:
        if match["escaped"]:
            return match[0][1:]
        name, default = match["name"], match["default"]
        if not name.strip():
            raise NoReference(f"`{match[0]}` names nothing", "write `${env:NAME}`, `${file:PATH}` or `${keyring:SERVICE/USER}`")
        match match["kind"]:
            case "env":
                return self._variable(name, default)
            case "file":
                return self._file(name)
            case "keyring":
                return _from_keyring(name)
            case kind:
                raise NoReference(
                    f"`${{{kind}:…}}` is no kind of reference", "write `${env:NAME}`, `${file:PATH}` or `${keyring:SERVICE/USER}`"
                )

    def _variable(self, name: str, default: str | None) -> str:
        # As in shells, `:-` stands in for an empty variable too.
        value = self._environment.get(name, "")
        if value:
            return value
        if default is not None:
            return default
        state = "empty" if name in self._environment else "not set"
        raise Undefined(
            f"the environment variable `{name}` is {state}", f"set it; what is no secret may have a default, `${{env:{name}:-…}}`"
        )

    def _file(self, name: str) -> str:
        path = self._folder / Path(name).expanduser()
        try:
            found = path.stat()
            if stat.S_ISREG(found.st_mode) and found.st_mode & 0o007:
                raise Undefined(f"everybody on this machine can read `{name}`", f"`chmod o-rwx {name}`")
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as problem:
            raise Undefined(f"the file `{name}` cannot be read: {problem.strerror}") from None
        except UnicodeDecodeError:
            raise Undefined(f"the file `{name}` is not UTF-8 text") from None


def _from_keyring(name: str) -> str:
    service, slash, user = name.partition("/")
    if not slash:
        raise Undefined(f"`${{keyring:{name}}}` names no user", "write `${keyring:SERVICE/USER}`")
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise Undefined("the keyring of this machine cannot be asked", "`pip install 'dhm-datahub[keyring]'`") from None
    try:
        found: str | None = keyring.get_password(service, user)
    except KeyringError as problem:
        raise Undefined(f"the keyring does not answer: {problem}") from None
    if found is None:
        raise Undefined(f"the keyring has no password of `{user}` for `{service}`", f"`keyring set {service} {user}`")
    return found


def has_reference(text: str, *, default: bool = False) -> bool:
    """Whether some of `text` stands elsewhere; a default written beside its variable stands here, and counts where it is asked for."""
    return any(_elsewhere(match) or (default and not match["escaped"] and match["kind"] in _KINDS) for match in _REFERENCE.finditer(text))


def _elsewhere(match: re.Match[str]) -> bool:
    return bool(not match["escaped"] and match["kind"] in _KINDS and match["name"].strip() and not match["default"])


def variables(text: str) -> list[str]:
    """The variables of the environment that `text` cannot do without."""
    found = _REFERENCE.finditer(text)
    return list(dict.fromkeys(one["name"] for one in found if one["kind"] == "env" and not one["escaped"] and one["default"] is None))


def only_refers(text: str) -> bool:
    """Whether all that is secret in `text` stands elsewhere: beside references there is nothing but a word such as `Bearer`."""
    around = _REFERENCE.sub(lambda match: "" if _elsewhere(match) else match[0], text)
    return has_reference(text) and _AROUND.fullmatch(around) is not None


def header_only_refers(text: str) -> bool:
    """The same of the value of a header, where more may stand beside a reference, unless that may be empty."""
    return only_refers(text) or header_refers(without_references(text))


def without_references(text: str) -> str:
    """`text` with NUL for each reference that leads to something, whatever becomes of it."""
    return _REFERENCE.sub(lambda match: "\0" if _elsewhere(match) and match["default"] is None else match[0], text)


class Secret:
    """Where a secret is, never the secret; `reveal` fetches it at the moment when it is needed."""

    __slots__ = ("_vault", "reference")

    def __init__(self, reference: str, vault: Vault | None = None) -> None:
        self.reference, self._vault = reference, vault or Vault()

    def reveal(self) -> str:
        """The secret itself; `Undefined` where it is not to be found."""
        return self._vault.reveal(self.reference)

    def __repr__(self) -> str:
        return f"Secret({self.reference!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.reference == other.reference

    def __hash__(self) -> int:
        return hash(self.reference)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            _read_secret, serialization=core_schema.plain_serializer_function_ser_schema(lambda secret: secret.reference)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": r"\$\{(env|file|keyring):[^}]+\}", "examples": ["${env:ERP_PASSWORD}"]}


def signing(value: Any, info: core_schema.ValidationInfo) -> Any:
    """A secret in a header, where a word for how it is signed may stand before it."""
    return Secret(value, (info.context or {}).get("vault")) if isinstance(value, str) and header_only_refers(value) else value


def _read_secret(value: Any, info: core_schema.ValidationInfo) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("secret_type", "a secret is a reference in text")
    if not only_refers(value):
        if _MEANT.fullmatch(value.strip()):
            raise PydanticCustomError("unknown_reference", "{message}", {"message": f"`{value}` is no reference", "help": ""})
        raise PydanticCustomError("literal_secret", "a secret stands in the file itself")
    return Secret(value, (info.context or {}).get("vault"))
