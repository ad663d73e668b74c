"""Types of columns by family: within a family one may be altered into another, and a value is made for any of them.

Keys are made from a number n, their class: the values of one class may be equal for some collation, scale or precision
(letter case, accents, trailing spaces, a fraction), those of two classes never are. Each region writes its own classes
alone, so that a row has one writer whatever becomes of its key's type.
"""

from dataclasses import dataclass, replace

CLASSES = 48

MARKS = {"a": "aAáÁ", "e": "eEéÉ"}
LABELS = [f"L{number:02}" for number in range(CLASSES)]
MEMBERS = "abcdef"


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def labels(order):
    return ",".join(quoted(label) for label in order)


@dataclass(frozen=True)
class Column:
    """`sql` is the type as in a statement; in it `{ci}` is the server's own default collation, `{bytes}` its strictest."""

    name: str
    family: str
    sql: str
    null: bool = True
    default: str = ""     # an SQL expression

    def declared(self, kind):
        sql = self.sql.replace("{ci}", DEFAULT_COLLATION[kind]).replace("{bytes}", BY_BYTES[kind])
        return f"{self.name} {sql} {'NULL' if self.null else 'NOT NULL'}" + (f" DEFAULT {self.default}" if self.default else "")


BY_BYTES = {"mysql": "utf8mb4_0900_bin", "mariadb": "utf8mb4_nopad_bin"}
DEFAULT_COLLATION = {"mysql": "utf8mb4_0900_ai_ci", "mariadb": "utf8mb4_general_ci"}

TEXT_COLLATIONS = ["utf8mb4_bin", "utf8mb4_general_ci", "utf8mb4_unicode_ci", "latin1_swedish_ci", "latin1_bin",
                   "latin1_general_cs"]


def charset_of(collation):
    return collation.partition("_")[0]


def text_type(base, collation):
    return f"{base} CHARACTER SET {charset_of(collation)} COLLATE {collation}"


def _variants():
    """{family: types}"""
    texts = [text_type(base, collation) for base in ("VARCHAR(40)", "CHAR(20)", "VARCHAR(60)") for collation in TEXT_COLLATIONS]
    texts += [text_type(base, "{bytes}") for base in ("VARCHAR(40)", "VARCHAR(60)")]
    texts.append(text_type("VARCHAR(40)", "{ci}"))    # which the two servers may compare otherwise: seldom
    turned = LABELS[::-1]
    return {
        "int": ["TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "INT UNSIGNED", "BIGINT UNSIGNED", "TINYINT UNSIGNED"],
        "big": ["BIGINT UNSIGNED"],
        "decimal": ["DECIMAL(12,2)", "DECIMAL(12,4)", "DECIMAL(20,6)", "DECIMAL(8,0)", "DECIMAL(10,1)"],
        "datetime": ["DATETIME", "DATETIME(3)", "DATETIME(6)"],
        "timestamp": ["TIMESTAMP", "TIMESTAMP(3)", "TIMESTAMP(6)"],
        "date": ["DATE"],
        "time": ["TIME", "TIME(3)", "TIME(6)"],
        "text": texts,
        "binary": ["VARBINARY(16)", "BINARY(8)", "VARBINARY(32)"],
        "enum": [f"ENUM({labels(LABELS)})", f"ENUM({labels(turned)})", f"ENUM({labels(['first', *LABELS])})"],
        "set": ["SET('a','b','c','d','e','f')", "SET('f','e','d','c','b','a')", "SET('z','a','b','c','d','e','f')"],
        "float": ["FLOAT", "DOUBLE"],
        "bit": ["BIT(9)", "BIT(20)"],
        "year": ["YEAR"],
        # Of columns outside keys.
        "long": [text_type("TEXT", "utf8mb4_bin"), text_type("MEDIUMTEXT", "utf8mb4_general_ci"),
                 text_type("VARCHAR(300)", "utf8mb4_unicode_ci")],
        "blob": ["BLOB", "VARBINARY(300)", "MEDIUMBLOB"],
        "json": ["JSON"],
    }


VARIANTS = _variants()

# A type that holds exactly what any of a family's types holds; a key of text compares bytes.
WIDEST = {
    "int": "BIGINT", "big": "BIGINT UNSIGNED", "decimal": "DECIMAL(24,6)", "datetime": "DATETIME(6)", "timestamp": "TIMESTAMP(6)",
    "date": "DATE", "time": "TIME(6)", "text": "VARCHAR(60) CHARACTER SET utf8mb4 COLLATE {bytes}", "binary": "VARBINARY(32)",
    "enum": f"ENUM({labels(['first', *LABELS])})", "set": "SET('z','a','b','c','d','e','f')", "float": "DOUBLE",
    "long": text_type("MEDIUMTEXT", "utf8mb4_bin"), "blob": "MEDIUMBLOB", "json": "JSON", "bit": "BIT(20)", "year": "YEAR",
}


def converted(column, collation):
    """As CONVERT TO CHARACTER SET leaves it."""
    base, words, _ = column.sql.partition(" CHARACTER SET ")
    return replace(column, sql=text_type(base, collation)) if words else column


def widest(column, kind):
    """The column's declaration with that type."""
    return replace(column, sql=WIDEST[column.family].replace("{bytes}", BY_BYTES[kind])).declared(kind)

KEY_FAMILIES = ["int", "int", "int", "big", "decimal", "datetime", "date", "time", "text", "text", "text", "binary", "enum", "set", "timestamp",
                "bit", "year", "float"]
VALUE_FAMILIES = ["int", "decimal", "datetime", "timestamp", "text", "long", "blob", "float", "json", "bit", "enum", "set",
                  "date", "time", "year", "binary"]


def key_value(family, n, random):
    """A literal of class n; now and then another spelling of it than the plain one."""
    odd = random.random() < 0.3
    fraction = f".{random.choice(('1', '25', '3333'))}" if odd else ""
    if family == "int":
        return str(n + 1)    # 0 would have an AUTO_INCREMENT column give a value of its own
    if family == "big":
        return str(2**63 + n)
    if family == "decimal":
        return f"{n}{fraction}"
    if family in ("datetime", "timestamp"):
        return f"'2026-03-01 10:{n:02}:00{fraction}'"
    if family == "date":
        return f"'2026-{1 + n // 24:02}-{1 + n % 24:02}'"
    if family == "time":
        return f"'{'-' if n % 3 == 0 else ''}01:{n:02}:00{fraction}'"
    if family == "text":
        word = "".join(random.choice(MARKS.get(letter, letter)) for letter in "kae") if odd else "kae"
        return quoted(f"{word}{n:02}" + (" " * random.choice((0, 1, 2)) if odd else ""))
    if family == "binary":
        return f"X'{n:02X}{'20' if odd and n % 2 else 'FF'}00{n:02X}'"
    if family == "bit":
        return f"b'{n:b}'"
    if family == "year":
        return str(2000 + n)
    if family == "float":
        return f"{n}.{random.choice((0, 5, 125)) if odd else 0}"
    if family == "enum":
        return quoted(LABELS[n])
    if family == "set":
        return quoted(",".join(member for bit, member in enumerate(MEMBERS) if n >> bit & 1))
    raise AssertionError(family)


def value(family, random):
    """A literal for a column outside keys."""
    number = random.randrange(10**6)
    simple = {
        "int": lambda: str(random.randrange(100)),
        "decimal": lambda: f"{random.randrange(10**5)}.{random.randrange(10**4):04}",
        "datetime": lambda: f"'2026-02-{1 + number % 28:02} 11:12:13.{number:06}'",
        "timestamp": lambda: f"'2026-02-{1 + number % 28:02} 11:12:13.{number:06}'",
        "date": lambda: f"'2026-02-{1 + number % 28:02}'",
        "time": lambda: f"'{number % 24:02}:01:02.{number:06}'",
        "text": lambda: quoted(random.choice(("", "x", "café", "CAFÉ ", "it's", "ÿ ")) + str(number % 1000)),
        "long": lambda: quoted(random.choice(("plain", "café ☕ 咖啡", "x" * 120, "trailing  ")) + str(number)),
        "blob": lambda: f"X'{number:08X}00FF27{number:08X}'",
        "binary": lambda: f"X'{number:08X}'",
        "float": lambda: random.choice(("0.1", "1.5", "-2.25e3", f"{number}.5", "3.14159274")),
        "json": lambda: f"""'{{"n": {number}, "t": "x{number}", "l": [1, 2, null]}}'""",
        "bit": lambda: f"b'{number % 512:b}'",
        "enum": lambda: quoted(random.choice(LABELS)),
        "set": lambda: quoted(random.choice(("", "a", "a,c", "b,f"))),
        "year": lambda: str(1990 + number % 60),
    }
    return simple[family]()
