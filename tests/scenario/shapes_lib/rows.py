"""Random statements of one region's application on its own rows. What the server refuses is left out by the runner."""

from .columns import CLASSES, key_value, value
from .tables import KEPT


class Writer:
    """Makes statements for the region of that number (0 or 1), whose letter is in `own`."""

    def __init__(self, number, random):
        self.number = number
        self.random = random
        self.own = "ew"[number]

    def a_class(self, table):
        """Of a table with one home any class, else one of the region's own."""
        n = self.random.randrange(CLASSES)
        return n if table.home else n - n % 2 + self.number

    def where(self, table, condition):
        return f"WHERE {condition}" + ("" if table.home else f" AND own = '{self.own}'")

    def literal(self, table, column, n):
        if column.name == "own":
            return f"'{self.own}'"
        if column.name == "n":
            return str(n)
        if column.name in {one for _, one in table.unique} or column.name == "u0":
            return key_value(column.family, self.a_class(table), self.random) if self.random.random() < 0.9 else "NULL"
        if any(column.name == one.name for one in table.key):
            if column is table.key[0]:
                return key_value(column.family, n, self.random)
            small = self.random.randrange(3)      # the first column's class tells the writer
            return key_value(column.family, small, self.random)
        if column.null and self.random.random() < 0.15:
            return "NULL"
        if column.name == "q0":     # of another table's rows
            return key_value(column.family, self.a_class(table), self.random)
        return value(column.family, self.random)

    def row(self, table, n):
        return "(" + ", ".join(self.literal(table, column, n) for column in table.columns) + ")"

    def insert(self, table, verb="INSERT"):
        names = ", ".join(column.name for column in table.columns)
        rows = self.random.choice((1, 1, 1, 3, 8))
        words = [self.row(table, self.a_class(table)) for _ in range(rows)]
        if verb == "INSERT":    # one by one: a key that is there already refuses its own row alone
            return [f"INSERT INTO {table.full} ({names}) VALUES {word}" for word in words]
        return [f"{verb} INTO {table.full} ({names}) VALUES {', '.join(words)}"]

    def replace(self, table):
        return self.insert(table, "INSERT" if table.parent or table.unique else "REPLACE")

    def changed_values(self, table, n):
        chosen = self.random.sample(list(table.values), self.random.randrange(1, len(table.values) + 1)) if table.values else []
        return [f"{column.name} = {self.literal(table, column, n)}" for column in chosen]

    def update(self, table):
        n = self.a_class(table)
        changes = self.changed_values(table, n)
        return [f"UPDATE {table.full} SET {', '.join(changes)} {self.where(table, f'n = {n}')}"] if changes else []

    def sweep(self, table):
        """Many rows by one statement."""
        n = self.a_class(table)
        changes = [word for word in self.changed_values(table, n) if not word.startswith("u0 ")]
        below = self.random.randrange(CLASSES)
        return [f"UPDATE {table.full} SET {', '.join(changes)} {self.where(table, f'n < {below}')}"] if changes else []

    def change_key(self, table):
        """Another spelling of the same class, or another class."""
        if table.parent:
            return []
        n = self.a_class(table)
        to = n if self.random.random() < 0.5 else self.a_class(table)
        column = table.key[0]
        return [f"UPDATE {table.full} SET {column.name} = {key_value(column.family, to, self.random)}, n = {to} "
                f"{self.where(table, f'n = {n}')}"]

    def swap(self, table):
        """Two rows change their unique values, by way of NULL."""
        if not table.unique:
            return []
        column = table.column(table.unique[0][1])
        if not column or not column.null:
            return []
        a, b = self.a_class(table), self.a_class(table)
        one, other = (key_value(column.family, n, self.random) for n in (a, b))
        return [f"UPDATE {table.full} SET {column.name} = NULL {self.where(table, f'n IN ({a}, {b})')}",
                f"UPDATE {table.full} SET {column.name} = {one} {self.where(table, f'n = {b}')} LIMIT 1",
                f"UPDATE {table.full} SET {column.name} = {other} {self.where(table, f'n = {a}')} LIMIT 1"]

    def delete(self, table):
        n = self.a_class(table)
        return [f"DELETE FROM {table.full} {self.where(table, f'n = {n}')}"]

    def delete_many(self, table):
        rest = self.random.randrange(6)
        return [f"DELETE FROM {table.full} {self.where(table, f'n % 6 = {rest}')}"]

    def again(self, table):
        """Deleted and put there anew in one transaction, perhaps in another spelling."""
        n = self.a_class(table)
        names = ", ".join(column.name for column in table.columns)
        return [f"DELETE FROM {table.full} {self.where(table, f'n = {n}')}",
                f"INSERT INTO {table.full} ({names}) VALUES {self.row(table, n)}"]

    def transaction(self, tables):
        """Statements on one to three of the tables."""
        kinds = [(self.insert, 8), (self.replace, 1), (self.update, 5), (self.sweep, 2), (self.change_key, 2), (self.swap, 1),
                 (self.delete, 3), (self.delete_many, 1), (self.again, 2)]
        statements = []
        for _ in range(self.random.choice((1, 1, 2, 3, 6))):
            table = self.random.choice(tables)
            make = self.random.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
            if table.schema == KEPT and self.random.random() < 0.9:     # what its rule allows
                make = self.insert
            statements += make(table)
        return statements
