"""A TCP proxy whose links can be made slow, deaf, one-way, or be cut: a process of its own, told what to do on stdin.

    python -m tests.chaos.proxy '{"sla-broker": [12001, 5672]}'        name: [port listened on, port behind]
    {"link": "sla-broker", "mode": "latency", "seconds": 0.2}          one line of JSON on stdin, answered with one on stdout

A black hole keeps what it is sent and delivers it once it ends, as packets that are sent again would be.
"""

import asyncio
import json
import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HOST = "127.0.0.1"
MODES = ("pass", "latency", "black_hole", "deaf", "mute", "reset", "cut", "refuse")
RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing sends RST
PIECE = 1 << 16


class Link:
    """One way from a client to a server. `deaf`: nothing reaches the server; `mute`: nothing comes back."""

    def __init__(self, name: str, port: int, behind: int) -> None:
        self.name, self.port, self.behind = name, port, behind
        self.seconds = 0.0
        self.open = {"up": asyncio.Event(), "down": asyncio.Event()}
        self.writers: set[asyncio.StreamWriter] = set()
        self.server: asyncio.Server | None = None
        self._let("up", "down")

    async def listen(self) -> None:
        if self.server is None:
            self.server = await asyncio.start_server(self._serve, HOST, self.port, limit=PIECE)

    async def turn(self, mode: str, seconds: float) -> None:
        """Takes on a mode; `reset` and `cut` end what is open now and go on passing."""
        if mode not in MODES:
            raise ValueError(f"no such mode: {mode}")
        self.seconds = seconds if mode == "latency" else 0.0
        self._let(*{"black_hole": (), "deaf": ("down",), "mute": ("up",)}.get(mode, ("up", "down")))
        if mode in ("reset", "cut", "refuse"):
            self._end(hard=mode == "reset")
        if mode == "refuse" and self.server is not None:
            self.server.close()
            self.server = None
        elif mode != "refuse":
            await self.listen()

    def _let(self, *directions: str) -> None:
        for direction, gate in self.open.items():
            gate.set() if direction in directions else gate.clear()

    def _end(self, hard: bool) -> None:
        for writer in list(self.writers):
            if hard and (sock := writer.get_extra_info("socket")):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort() if hard else writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with self._kept(writer), suppress(OSError):
            await asyncio.gather(self.open["up"].wait(), self.open["down"].wait())
            behind_reader, behind_writer = await asyncio.open_connection(HOST, self.behind, limit=PIECE)
            with self._kept(behind_writer):
                ways = (self._pump(reader, behind_writer, "up"), self._pump(behind_reader, writer, "down"))
                tasks = [asyncio.ensure_future(way) for way in ways]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()

    @contextmanager
    def _kept(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        self.writers.add(writer)
        try:
            yield
        finally:
            self.writers.discard(writer)
            writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                if self.seconds:
                    await asyncio.sleep(self.seconds)
                await self.open[direction].wait()
                writer.write(piece)
                await writer.drain()


async def run(table: dict[str, tuple[int, int]]) -> None:
    """Listens until stdin ends."""
    links = {name: Link(name, port, behind) for name, (port, behind) in table.items()}
    for link in links.values():
        await link.listen()
    say("ready")
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        await links[order["link"]].turn(order["mode"], float(order.get("seconds", 0)))
        say(json.dumps(order))
    os._exit(0)  # connections that wait in a black hole would hold the loop


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(run({name: tuple(ports) for name, ports in json.loads(sys.argv[1]).items()}))
