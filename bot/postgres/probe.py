"""Asks a server how it is, in PostgreSQL's own protocol and without a driver."""

import asyncio
import struct
from enum import Enum
from pathlib import Path

_PROTOCOL = 196608  # 3.0
_TERMINATE = b"X\x00\x00\x00\x04"
_TIMEOUT = 2.0


class Answer(Enum):
    READY = "accepts our role on our database"
    EMPTY = "accepts connections, but has no such role or database yet"
    BUSY = "is starting, recovering, stopping or overloaded"
    SILENT = "nobody listens"
    REFUSED = "listens, and does not accept us"


_BY_SQLSTATE = {
    "3D000": Answer.EMPTY,  # no such database
    "28000": Answer.EMPTY,  # no such role
    "57P03": Answer.BUSY,  # cannot connect now
    "53300": Answer.READY,  # too many connections: alive and well
}


async def probe(socket: Path, role: str, database: str) -> Answer:
    try:
        async with asyncio.timeout(_TIMEOUT):
            return await _ask(socket, role, database)
    except TimeoutError:
        return Answer.BUSY
    except (OSError, asyncio.IncompleteReadError):
        return Answer.SILENT


async def _ask(socket: Path, role: str, database: str) -> Answer:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        writer.write(startup_message(role, database))
        # "Authenticated" comes before role and database are looked up: read on until an error or "ready".
        answer = None
        while answer is None:
            kind, length = struct.unpack("!ci", await reader.readexactly(5))
            answer = read_answer(kind, await reader.readexactly(length - 4))
        writer.write(_TERMINATE)
        return answer
    finally:
        writer.close()


def startup_message(role: str, database: str) -> bytes:
    options = b"\0".join(part.encode() for part in ("user", role, "database", database)) + b"\0\0"
    return struct.pack("!ii", len(options) + 8, _PROTOCOL) + options


def read_answer(kind: bytes, body: bytes) -> Answer | None:
    """What one message says: `Z` is "ready for a query", `E` an error whose field `C` is its SQLSTATE."""
    if kind == b"Z":
        return Answer.READY
    if kind == b"R" and body[:4] != b"\0\0\0\0":
        return Answer.REFUSED  # asks for a password
    if kind != b"E":
        return None
    fields = {field[:1]: field[1:].decode(errors="replace") for field in body.split(b"\0") if field}
    return _BY_SQLSTATE.get(fields.get(b"C", ""), Answer.REFUSED)
