"""A proxy before a database that can lose the answer to a COMMIT: it is done there, and who sent it never hears of it."""

import select
import socket
import threading

COMMIT = b"\x07\x00\x00\x00\x03COMMIT"
CHUNK = 1 << 16
ANSWER_WITHIN_S = 10


class LossyProxy:
    """Listens at `port`; each connection goes to the port that target() names when it begins. arm() loses one answer."""

    def __init__(self, port, target):
        self.port = port
        self.target = target
        self.lost = 0
        self._armed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self):
        self._armed.set()

    def disarm(self):
        self._armed.clear()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:     # closed
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.target()), timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, server:
            try:
                while self._carry_once(client, server):
                    pass
            except OSError:     # one of the two is gone: so is the other one's connection
                pass

    def _carry_once(self, client, server):
        for ready in select.select([client, server], [], [])[0]:
            data = ready.recv(CHUNK)
            if not data:
                return False
            if ready is server:
                client.sendall(data)
                continue
            server.sendall(data)
            if data == COMMIT and self._armed.is_set():
                self._armed.clear()
                select.select([server], [], [], ANSWER_WITHIN_S)    # it answers when the commit is done
                self.lost += 1
                return False
        return True
