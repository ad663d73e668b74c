"""A chosen port is one that nobody listens on and nobody else of the lab was promised."""

import random
import socket

import pytest

from lab_lib import LabError, ports


@pytest.fixture
def draw(monkeypatch):
    """The next numbers that chance brings: draw(15000, 15001)."""

    def next_numbers(*numbers):
        left = iter(numbers)
        monkeypatch.setattr(random, "randint", lambda first, last: next(left))

    return next_numbers


def listening(host, port=0):
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
    server.bind((host, port))
    server.listen()
    return server


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "127.0.0.2"])
def test_a_port_is_taken_while_a_server_listens_on_it(host):
    port = ports.choose(set())
    with listening(host, port):
        assert not ports.is_free(port)
    assert ports.is_free(port)


def test_a_connection_that_has_ended_does_not_hold_its_port():
    port = ports.choose(set())
    with listening("127.0.0.1", port) as server:
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()  # the side that closes first keeps TIME_WAIT
        assert client.recv(1) == b""
        client.close()
    assert ports.is_free(port)


def test_a_port_that_was_promised_is_not_chosen_again(monkeypatch, draw):
    monkeypatch.setattr(ports, "is_free", lambda port: True)
    draw(15000, 15001, 15002)
    assert ports.choose({15000, 15001}) == 15002


def test_a_port_that_somebody_listens_on_is_not_chosen(draw):
    free = ports.choose(set())
    with listening("127.0.0.1") as server:
        draw(server.getsockname()[1], free)
        assert ports.choose(set()) == free


def test_chance_draws_from_the_range_that_outgoing_connections_leave_alone(monkeypatch):
    drawn = []

    def randint(first, last):
        drawn.append((first, last))
        return first

    monkeypatch.setattr(random, "randint", randint)
    monkeypatch.setattr(ports, "is_free", lambda port: True)
    ports.choose(set())
    (first, last), = drawn
    assert 1024 < first < last < 32768  # Linux's default ip_local_port_range begins there


def test_no_free_port_is_an_error_that_names_the_range(monkeypatch):
    monkeypatch.setattr(ports, "is_free", lambda port: False)
    with pytest.raises(LabError, match=f"between {ports.FIRST_PORT} and {ports.LAST_PORT}"):
        ports.choose(set())
