"""Origin positions as sets: does one contain another? MySQL's GTID sets, and MariaDB's last GTID of each domain."""


def contains(outer: str, inner: str) -> bool:
    """True when every transaction of `inner` is in `outer`. Texts as the servers and the progress table write them."""
    if ":" in inner:
        return _mysql_contains(_mysql_set(outer), _mysql_set(inner))
    held = {} if ":" in outer else _mariadb_position(outer)  # the other kind's position holds nothing of this one's
    return all(held.get(domain, 0) >= seq for domain, seq in _mariadb_position(inner).items())


def _mariadb_position(text: str) -> dict:
    found = {}
    for gtid in filter(None, (part.strip() for part in text.split(","))):
        domain, _, seq = gtid.split("-")
        found[int(domain)] = max(found.get(int(domain), 0), int(seq))
    return found


def _mysql_set(text: str) -> dict:
    """{uuid or uuid:tag: [(first, last), ...]}"""
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        source, *rest = (word.strip().lower() for word in part.split(":"))
        name = source
        for word in rest:
            if word[0].isalpha() or word[0] == "_":
                name = f"{source}:{word}"
                continue
            first, _, last = word.partition("-")
            found.setdefault(name, []).append((int(first), int(last or first)))
    return found


def _mysql_contains(outer: dict, inner: dict) -> bool:
    return all(any(low <= first and last <= high for low, high in _joined(outer.get(name, [])))
               for name, ranges in inner.items() for first, last in ranges)


def _joined(ranges: list) -> list:
    joined = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined
