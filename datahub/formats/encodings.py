"""Texts of any encoding as UTF-8 and back, byte for byte: what does not belong to the encoding is marked, so that its row alone falls.

A byte that the encoding lacks becomes a lone surrogate (U+DC00 and the byte), which no valid UTF-8 has.
"""

from __future__ import annotations

import codecs
import re

from datahub.formats.bad_input import BadInput
from datahub.records import record

_MARKS = {
    "utf-32-le": b"\xff\xfe\0\0",
    "utf-32-be": b"\0\0\xfe\xff",
    "utf-8": b"\xef\xbb\xbf",
    "utf-16-le": b"\xff\xfe",
    "utf-16-be": b"\xfe\xff",
}
_STATEFUL = ("utf-7", "utf_7", "iso2022", "hz", "punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs")
_MARKED = re.compile(rb"\xed[\xb2\xb3][\x80-\xbf]")
"""A byte that did not belong, as it is carried in UTF-8: the surrogate `0xDC00` and it."""


@record(frozen=True, slots=True)
class Encoding:
    """An encoding by its canonical name, and how many bytes of mark the file begins with."""

    name: str
    mark: int = 0

    @property
    def is_utf8(self) -> bool:
        return self.name == "utf-8"

    @property
    def unit(self) -> int:
        """Bytes of one character, where all but those beyond U+FFFF have the same; 0 where they vary."""
        if self.name.startswith("utf-16"):
            return 2
        if self.name.startswith("utf-32"):
            return 4
        return 1 if _is_bytewise(self.name) else 0

    def decoder(self) -> codecs.IncrementalDecoder:
        return codecs.getincrementaldecoder(self.name)(errors="datahub.mark")

    def as_utf8(self, decoder: codecs.IncrementalDecoder, data: bytes, final: bool) -> bytes:
        """The next bytes of the file as UTF-8."""
        return data if self.is_utf8 else decoder.decode(data, final).encode("utf-8", "surrogatepass")

    def length(self, text: bytes) -> int:
        """How many bytes of the file `text` (UTF-8) was made of."""
        if self.is_utf8:
            return len(text)
        if self.unit and text.isascii():
            return len(text) * self.unit
        if not self.unit:
            return len(self.back(text))
        letters = text.decode("utf-8", "surrogatepass")
        return len(letters.encode("utf-16-le", "surrogatepass")) if self.unit == 2 else len(letters) * self.unit

    def back(self, text: bytes) -> bytes:
        """`text` (UTF-8) in this encoding; marked bytes are themselves again, characters it lacks become question marks."""
        return text if self.is_utf8 else text.decode("utf-8", "surrogatepass").encode(self.name, "datahub.unmark")


def encoding_of(name: str, head: bytes, path: str) -> Encoding:
    """The encoding called `name`, as the file that begins with `head` has it; `BadInput` where its mark says otherwise."""
    canonical = _canonical(name, path)
    marked = next((key for key, mark in _MARKS.items() if head.startswith(mark)), "")
    if not marked:
        return Encoding(canonical + "-le" if canonical in ("utf-16", "utf-32") else canonical)
    if marked == canonical or marked.removesuffix("-le").removesuffix("-be") == canonical:
        return Encoding(marked, len(_MARKS[marked]))
    if canonical in ("latin-1", "iso8859-1") and marked == "utf-16-be":
        return Encoding(canonical)
    message = f'`{path}` begins with the byte order mark of {marked}, but is declared `encoding "{name}"`'
    raise BadInput("R001", message, f'write encoding "{marked}"', path=path)


def _canonical(name: str, path: str) -> str:
    try:
        info = codecs.lookup(name)
    except LookupError:
        info = None
    if info is None or not getattr(info, "_is_text_encoding", True) or info.name.startswith(_STATEFUL):
        help = 'write one such as "utf-8", "cp1252", "iso-8859-15" or "utf-16"'
        raise BadInput("R001", f"`{name}` is no encoding that is read", help, path=path)
    return "utf-8" if info.name in ("utf-8-sig", "utf-8") else info.name


def _is_bytewise(name: str) -> bool:
    try:
        single = all(len(letter.encode(name, "replace")) == 1 for letter in "é語я")
        return single and len(bytes(range(0x20, 0x7F)).decode(name)) == 95
    except (UnicodeError, LookupError):
        return False


def bad_byte(text: bytes) -> str:
    """What the first byte of `text` is that does not belong, in words."""
    try:
        text.decode()
    except UnicodeDecodeError as problem:
        marked = _MARKED.match(text, problem.start)
        value = ord(marked.group().decode("utf-8", "surrogatepass")) - 0xDC00 if marked else text[problem.start]
        return f"0x{value:02X}"
    return ""


def of_another(text: bytes, encoding: str) -> str:
    """What `text` would be in the encoding that Windows uses in the west, where it is none in UTF-8."""
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8") or _MARKED.search(text):
        return ""
    try:
        text.decode()
    except UnicodeDecodeError as problem:
        letter = text[problem.start : problem.start + 1].decode("cp1252", "replace")
        return f'; it is `{letter}` in "cp1252"' if letter.isprintable() and letter != "\ufffd" else ""
    return ""


def shown(text: bytes) -> str:
    """`text` for people: bytes that do not belong are written as `\\xE9`."""
    try:
        marked = text.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return text.decode("utf-8", "backslashreplace")
    return re.sub("[\udc00-\udcff]", lambda found: f"\\x{ord(found.group()) - 0xDC00:02x}", marked)


def _mark(problem: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(problem, UnicodeDecodeError):
        raise problem
    span = problem.object[problem.start : problem.end]
    if problem.encoding.startswith(("utf-16", "utf-32", "utf16", "utf32")):
        return chr(0xDC00 + span[0]), problem.end
    return chr(0xDC00 + span[0]), problem.start + 1


def _unmark(problem: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    code = ord(problem.object[problem.start])
    if 0xDC00 <= code <= 0xDCFF and not problem.encoding.startswith("utf"):
        return bytes((code - 0xDC00,)), problem.start + 1
    return "?", problem.start + 1


codecs.register_error("datahub.mark", _mark)
codecs.register_error("datahub.unmark", _unmark)
