"""Reads row events out of a server's own binlog files: the tests' eyes, independent of the product's decoder.

Layouts: MySQL's "Replication Protocol" chapter and MariaDB's "Binlog Event" pages. A file is magic, then events of a
19-byte header (timestamp 4, type 1, server id 4, size 4, next position 4, flags 2), a body, and a CRC32 of 4 bytes when
the format description event says so.
"""

import collections
import datetime
import decimal
import pathlib
import struct
import uuid

HEADER = struct.Struct("<IBIIIH")
QUERY, ROTATE, FORMAT, XID, TABLE_MAP = 2, 4, 15, 16, 19
GTID, ANONYMOUS, TAGGED_GTID, MARIADB_GTID = 33, 34, 42, 162
MARIADB_STANDALONE = 1    # of the GTID event's flags, which follow number and domain: no BEGIN, no COMMIT
ROWS = {23: ("insert", 1), 24: ("update", 1), 25: ("delete", 1), 30: ("insert", 2), 31: ("update", 2), 32: ("delete", 2)}

TableMap = collections.namedtuple("TableMap", "schema name types metas unsigned names")
RowEvent = collections.namedtuple("RowEvent", "schema table op rows")   # rows: [(before, after)], or None when not asked for
Transaction = collections.namedtuple("Transaction", "gtid file position events queries")

ONE_BYTE_META = {4, 5, 252, 245, 255, 17, 18, 19}
TWO_BYTE_META = {15, 16, 246, 247, 248, 253, 254}
NUMERIC = {1, 2, 3, 4, 5, 8, 9, 13, 246}


def lenenc(data, at):
    first = data[at]
    if first < 251:
        return first, at + 1
    size = {252: 2, 253: 3, 254: 8}[first]
    return int.from_bytes(data[at + 1:at + 1 + size], "little"), at + 1 + size


def parse_table_map(body):
    at = 8
    size = body[at]
    schema = body[at + 1:at + 1 + size].decode()
    at += size + 2
    size = body[at]
    name = body[at + 1:at + 1 + size].decode()
    at += size + 2
    count, at = lenenc(body, at)
    types = list(body[at:at + count])
    at += count
    size, at = lenenc(body, at)
    meta_end, metas = at + size, []
    for kind in types:
        width = 1 if kind in ONE_BYTE_META else 2 if kind in TWO_BYTE_META else 0
        metas.append(body[at:at + width])
        at += width
    assert at == meta_end, f"table map of {schema}.{name}: column metadata does not add up"
    at += (count + 7) // 8
    unsigned, names = [False] * count, [f"@{i}" for i in range(count)]
    while at < len(body):
        field = body[at]
        size, at = lenenc(body, at + 1)
        value = body[at:at + size]
        at += size
        if field == 1:
            numeric = [i for i, kind in enumerate(types) if kind in NUMERIC]
            for bit, column in enumerate(numeric):
                unsigned[column] = bool(value[bit // 8] & (0x80 >> bit % 8))
        elif field == 4:
            names, inside = [], 0
            while inside < len(value):
                length, inside = lenenc(value, inside)
                names.append(value[inside:inside + length].decode())
                inside += length
    return TableMap(schema, name, types, metas, unsigned, names)


def parse_decimal(data, at, precision, scale):
    digits_size = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)
    whole, fraction = precision - scale, scale
    size = whole // 9 * 4 + digits_size[whole % 9] + fraction // 9 * 4 + digits_size[fraction % 9]
    raw = bytearray(data[at:at + size])
    negative = not raw[0] & 0x80
    raw[0] ^= 0x80
    if negative:
        raw = bytearray(byte ^ 0xFF for byte in raw)
    text, inside = "", 0
    for digits in [whole % 9] + [9] * (whole // 9):
        width = digits_size[digits]
        if width:
            text += str(int.from_bytes(raw[inside:inside + width], "big")).zfill(digits)
            inside += width
    text = (text or "0") + "."
    for digits in [9] * (fraction // 9) + [fraction % 9]:
        width = digits_size[digits]
        if width:
            text += str(int.from_bytes(raw[inside:inside + width], "big")).zfill(digits)
            inside += width
    return decimal.Decimal(("-" if negative else "") + text.rstrip(".")), at + size


def fraction_us(data, at, digits):
    size = (digits + 1) // 2
    return int.from_bytes(data[at:at + size], "big") * 10 ** (6 - 2 * size) if size else 0, at + size


def parse_datetime(data, at, digits):
    packed = int.from_bytes(data[at:at + 5], "big") - 0x8000000000
    micros, at = fraction_us(data, at + 5, digits)
    months, day = packed >> 22, packed >> 17 & 31
    if not months or not day:
        return None, at
    return datetime.datetime(months // 13, months % 13, day, packed >> 12 & 31, packed >> 6 & 63, packed & 63, micros), at


def parse_value(data, at, kind, meta, unsigned):
    if kind == 254 and meta[0] in (247, 248):  # ENUM and SET travel as STRING with the real type in the metadata
        kind, meta = meta[0], meta
    if kind in (1, 2, 3, 8, 9):
        size = {1: 1, 2: 2, 3: 4, 8: 8, 9: 3}[kind]
        return int.from_bytes(data[at:at + size], "little", signed=not unsigned), at + size
    if kind == 4:
        return struct.unpack_from("<f", data, at)[0], at + 4
    if kind == 5:
        return struct.unpack_from("<d", data, at)[0], at + 8
    if kind == 13:
        return (1900 + data[at] if data[at] else 0), at + 1
    if kind == 246:
        return parse_decimal(data, at, meta[0], meta[1])
    if kind in (15, 253):
        width = 1 if int.from_bytes(meta, "little") < 256 else 2
        return sized(data, at, width)
    if kind == 254:
        length = (((meta[0] >> 4) & 3) ^ 3) << 8 | meta[1]
        return sized(data, at, 1 if length < 256 else 2)
    if kind in (252, 245, 255):
        return sized(data, at, meta[0])
    if kind in (247, 248):
        return int.from_bytes(data[at:at + meta[1]], "little"), at + meta[1]
    if kind == 16:
        size = meta[1] + (meta[0] > 0)
        return int.from_bytes(data[at:at + size], "big"), at + size
    if kind == 17:
        seconds = int.from_bytes(data[at:at + 4], "big")
        micros, at = fraction_us(data, at + 4, meta[0])
        return seconds * 10**6 + micros, at
    if kind == 18:
        return parse_datetime(data, at, meta[0])
    if kind == 19:
        size = 3 + (meta[0] + 1) // 2
        return data[at:at + size], at + size
    if kind in (10, 14):
        packed = int.from_bytes(data[at:at + 3], "little")
        return (packed >> 9, packed >> 5 & 15, packed & 31), at + 3
    raise ValueError(f"column type {kind} is not read by the tests")


def sized(data, at, width):
    size = int.from_bytes(data[at:at + width], "little")
    return data[at + width:at + width + size], at + width + size


def parse_image(table, present, data, at):
    columns = [i for i in range(len(table.types)) if present[i // 8] & (1 << i % 8)]
    nulls = data[at:at + (len(columns) + 7) // 8]
    at += len(nulls)
    row = {}
    for place, column in enumerate(columns):
        if nulls[place // 8] & (1 << place % 8):
            row[table.names[column]] = None
            continue
        row[table.names[column]], at = parse_value(data, at, table.types[column], table.metas[column], table.unsigned[column])
    return row, at


def parse_rows(table, op, version, body):
    at = 8
    if version == 2:
        at += int.from_bytes(body[at:at + 2], "little")
    count, at = lenenc(body, at)
    width = (count + 7) // 8
    present = [body[at:at + width]]
    at += width
    if op == "update":
        present.append(body[at:at + width])
        at += width
    rows = []
    while at < len(body):
        first, at = parse_image(table, present[0], body, at)
        if op == "update":
            second, at = parse_image(table, present[1], body, at)
            rows.append((first, second))
        else:
            rows.append((first, None) if op == "delete" else (None, first))
    return rows


def events_of(path):
    """(position, type, body without checksum) of every whole event of one file. A half-written end is left out."""
    with open(path, "rb") as file:
        assert file.read(4) == b"\xfebin", f"{path} is not a binlog"
        position, checksum = 4, 0
        while True:
            header = file.read(HEADER.size)
            if len(header) < HEADER.size:
                return
            _, kind, _, size, _, _ = HEADER.unpack(header)
            body = file.read(size - HEADER.size)
            if len(body) < size - HEADER.size:
                return
            if kind == FORMAT:
                checksum = 4 if body[-5] == 1 else 0
            yield position, kind, memoryview(body)[:len(body) - checksum].tobytes() if checksum else body
            position += size


def gtid_text(kind, body):
    if kind == MARIADB_GTID:
        number, domain = struct.unpack_from("<QI", body)
        return f"{domain}:{number}"
    if kind == GTID:
        return f"{uuid.UUID(bytes=bytes(body[1:17]))}:{struct.unpack_from('<q', body, 17)[0]}"
    return "anonymous" if kind == ANONYMOUS else "tagged"


def transactions_of(paths, wanted=lambda schema, table: True):
    """Every committed transaction of the files in order, rows decoded for the wanted tables.

    One ends with XID, or with COMMIT when no engine of it can roll back; a statement outside of BEGIN is one by itself. What
    has no such end is left out: after a crash a file may end within a transaction, which the server has rolled back.
    """
    tables, current, begun = {}, None, False
    for path in paths:
        for position, kind, body in events_of(path):
            if kind in (GTID, ANONYMOUS, TAGGED_GTID, MARIADB_GTID):
                current = Transaction(gtid_text(kind, body), pathlib.Path(path).name, position, [], [])
                begun = kind == MARIADB_GTID and not body[12] & MARIADB_STANDALONE
            elif kind == TABLE_MAP:
                tables[body[:6]] = parse_table_map(body)
            elif kind in ROWS and current:
                op, version = ROWS[kind]
                table = tables[body[:6]]
                rows = parse_rows(table, op, version, body) if wanted(table.schema, table.name) else None
                current.events.append(RowEvent(table.schema, table.name, op, rows))
            elif kind == QUERY and current:
                schema_size, status_size = body[8], struct.unpack_from("<H", body, 11)[0]
                query = body[13 + status_size + schema_size + 1:]
                current.queries.append(query)
                if query == b"BEGIN":
                    begun = True
                elif query == b"COMMIT" or not begun:
                    yield current
                    current = None
            elif kind == XID and current:
                yield current
                current = None
        current = None


def binlog_paths(database, first=None):
    """The server's binlog files, from the file named `first` on."""
    base = pathlib.Path(database.value("SELECT @@log_bin_basename"))
    names = [row[0] for row in database.rows("SHOW BINARY LOGS")]
    if first:
        names = names[names.index(first):]
    return [base.parent / name for name in names]
