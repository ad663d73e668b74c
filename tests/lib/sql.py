"""Connections of the tests' own, to MySQL and MariaDB alike. Values come as text or bytes, as the server sends them."""

import contextlib

import pymysql
from pymysql.constants import CLIENT, FIELD_TYPE

CONNECTION_LOST = (2003, 2006, 2013, 2014, 0, 1053, 1927, 3169, 1080, 2055)
RETRY = (1213, 1205)

# Numbers stay text, so that both servers' values compare as they were sent; NULL is None.
AS_SENT = {FIELD_TYPE.BIT: bytes}


def connect(socket=None, host=None, port=None, user="root", password="", database=None, read_timeout_s=30,
            autocommit=True, as_sent=False, tls=None):
    options = dict(user=user, password=password, database=database, charset="utf8mb4", autocommit=autocommit,
                   connect_timeout=5, read_timeout=read_timeout_s, write_timeout=read_timeout_s,
                   client_flag=CLIENT.FOUND_ROWS, init_command="SET time_zone = '+00:00'")
    if socket:
        options["unix_socket"] = socket
    else:
        options.update(host=host, port=int(port))
    if as_sent:
        options["conv"] = AS_SENT
    if tls:
        options["ssl"] = tls
    return pymysql.connect(**options)


class Database:
    """One server as the tests reach it: root over the socket, an application over TCP."""

    def __init__(self, name, server, socket, host, port, app_user=None, app_password=None):
        self.name = name
        self.server = server
        self.socket = socket
        self.host = host
        self.port = port
        self.app_user = app_user
        self.app_password = app_password

    def root(self, **options):
        return connect(socket=self.socket, **options)

    def app(self, **options):
        return connect(host=self.host, port=self.port, user=self.app_user, password=self.app_password, **options)

    def execute(self, *statements, **options):
        """Runs statements as root on one connection; returns the last one's affected rows."""
        with contextlib.closing(self.root(**options)) as connection, connection.cursor() as cursor:
            affected = 0
            for statement in statements:
                affected = cursor.execute(statement)
            return affected

    def as_application(self, *statements):
        """Runs statements with an application's rights on one connection."""
        with contextlib.closing(self.app()) as connection, connection.cursor() as cursor:
            affected = 0
            for statement in statements:
                affected = cursor.execute(statement)
            return affected

    def rows(self, query, as_sent=False):
        with contextlib.closing(self.root(as_sent=as_sent)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def value(self, query):
        rows = self.rows(query)
        return rows[0][0] if rows else None

    def records(self, query):
        """The rows as dictionaries."""
        with contextlib.closing(self.root()) as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def logs_cascades(self):
        """As MySQL 9.6 and later do: child rows that a cascade changes are in the binlog."""
        version = self.value("SELECT VERSION()")
        return "MariaDB" not in version and tuple(int(n) for n in version.split("-")[0].split(".")[:2]) >= (9, 6)

    def answers(self):
        try:
            return self.value("SELECT 1") == 1
        except pymysql.err.MySQLError:
            return False


def is_connection_lost(error):
    """Whether the outcome of what was sent is unknown: the connection went away under it."""
    if isinstance(error, (pymysql.err.InterfaceError, OSError, EOFError, AttributeError)):
        return True
    return bool(error.args) and error.args[0] in CONNECTION_LOST


def is_retry(error):
    """The server rolled the transaction (or must have it rolled) back, and says so."""
    return isinstance(error, pymysql.err.MySQLError) and bool(error.args) and error.args[0] in RETRY
