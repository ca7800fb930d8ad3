"""Bytes as text: which encoding and which line ends a file has, found from its content."""

from __future__ import annotations

import codecs

from nenuphar.domain.problems import UnreadableInputError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LOOKED_AT = 1 << 16
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1a")

_CONTAINERS = (
    (b"\x1f\x8b", "gzip-compressed; unpack it first (gunzip)"),
    (b"BZh", "bzip2-compressed; unpack it first (bunzip2)"),
    (b"\xfd7zXZ", "xz-compressed; unpack it first (unxz)"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"%PDF", "a PDF; export the table behind it as .csv or .xlsx"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls); save it as .xlsx or .csv"),
    (b"SQLite format 3", "a database; export the table as .csv or .parquet"),
)


def refuse_containers(data: bytes, name: str) -> None:
    """Refuse archives and documents that no reader opens.

    Raises:
        UnreadableInputError: The content is one of them, whatever the file is called.
    """
    for magic, what in _CONTAINERS:
        if data.startswith(magic):
            raise UnreadableInputError(f"{name}: is {what}")


def decode(data: bytes, name: str) -> tuple[str, str]:
    """Return the text of a file with bare line feeds, and a note where its encoding was guessed.

    UTF-8 and UTF-16 (with or without a byte order mark) are recognised; anything else that looks
    like text is taken as Windows-1252, and the note says so.

    Raises:
        UnreadableInputError: The content is binary.
    """
    refuse_containers(data, name)
    text, note = _decode(data, name)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.removesuffix("\x1a"), note


def _decode(data: bytes, name: str) -> tuple[str, str]:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _strictly(data[len(bom) :], encoding, name), ""
    head = data[:_LOOKED_AT]
    if b"\0" in head:
        return _strictly(data, _wide_encoding(head, name), name), ""
    controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in head)
    if controls > 1 + len(head) // 200:
        raise UnreadableInputError(_binary(name))
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        text = data.decode("cp1252", errors="replace")
        return text, f"byte {data[error.start]:#04x} on line {line} is not UTF-8"


def _wide_encoding(head: bytes, name: str) -> str:
    """Tell UTF-16 without a mark by the side on which its zero bytes stand."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.6 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.1 * half:
        return "utf-16-be"
    raise UnreadableInputError(_binary(name))


def _strictly(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableInputError(
            f"{name}: begins as {encoding.upper()} text but breaks at byte {error.start}; the file "
            "is damaged or cut off, export it again"
        ) from error


def _binary(name: str) -> str:
    return f"{name}: holds binary data, not a table; tables are .csv, .tsv, .txt, .xlsx or .parquet"
