"""Browsers that save, each on a connection of its own: what a benchmark measures and a crash interrupts."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trial_of_seats import Seat

TOKEN = "a" * 32
"""Of the browser, in cookie and header alike, as Django asks."""
PATIENCE = 180.0
"""Seconds after which a server that does not answer is taken for dead: no test waits for ever."""
LOST = (ConnectionError, asyncio.IncompleteReadError, TimeoutError, IndexError, ValueError)
"""What a request ends with whose server died in the middle."""


@dataclass
class Done:
    """A save that was acknowledged.

    Attributes
    ----------
    key : of the entry
    value : that the item had after it
    receipt : chain and number of its row in the trail
    seconds : from the first try to the answer
    """

    key: str
    value: int
    receipt: tuple[str, int]
    seconds: float


@dataclass
class Browser:
    """A browser before a form: it changes one item again and again.

    Attributes
    ----------
    port : of the server on this machine
    seat : the form and its session
    done : what was acknowledged
    refused : answers that were no receipt: a fault of whoever asks or answers
    tries : how often an entry was sent; more than were done where the server died
    """

    port: int
    seat: Seat
    done: list[Done] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    tries: int = 0
    value: int = 0
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None

    async def save(self) -> None:
        """Change the item, and send the entry with the same key until it is answered.

        Raises
        ------
        ConnectionError : nothing answers any more
        """
        key, new, started = uuid.uuid4().hex, 1 - self.value, time.perf_counter()
        entry = {"key": key, "form": self.seat["form"], "reason": "under load"} | {
            "changes": {self.seat["item"]: {"old": self.value, "new": new}}
        }
        while time.perf_counter() < started + PATIENCE:
            self.tries += 1
            try:
                status, answer = await asyncio.wait_for(self._post(json.dumps(entry)), timeout=20)
            except LOST:
                await self.hang_up()
                await asyncio.sleep(0.05)
                continue
            if status < 500:
                break
            # A worker whose database died says so, and may be asked again.
            await asyncio.sleep(0.05)
        else:
            raise ConnectionError(f"no answer in {PATIENCE:.0f} seconds")
        receipt = answer.get("receipt")
        if status != 200 or not receipt:
            self.refused.append(f"{status} {answer}")
            return
        self.value = new
        self.done.append(Done(key, new, (receipt["chain"], receipt["seq"]), time.perf_counter() - started))

    async def _post(self, body: str) -> tuple[int, dict[str, Any]]:
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = (
            f"POST /forms/{self.seat['form']}/save HTTP/1.1\r\nHost: localhost\r\n"
            f"Cookie: sessionid={self.seat['session']}; csrftoken={TOKEN}\r\nX-CSRFToken: {TOKEN}\r\n"
            f"Accept: application/json\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(f"{head}{body}".encode())
        await self._writer.drain()
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        lengths = [int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")]
        if not lengths:
            raise ConnectionError(lines[0])  # nothing that the application wrote
        text = await self._reader.readexactly(lengths[0])
        status = int(lines[0].split(" ")[1])
        found: dict[str, Any] = {}
        with suppress(ValueError):
            found = json.loads(text)
        return status, found

    async def hang_up(self) -> None:
        """End the connection; the next save opens another."""
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()
        self._reader = self._writer = None


async def save_for(browsers: list[Browser], seconds: float, every: float = 0.0) -> None:
    """Let every browser save until the time is over; what was begun is ended.

    Parameters
    ----------
    browsers : that save side by side
    seconds : how long new saves are begun
    every : seconds between the beginnings of two saves of a browser; 0: the next as soon as one is answered
    """
    started = time.perf_counter()

    async def sit(browser: Browser, place: float) -> None:
        due = started + place * every
        while due < started + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await browser.save()
            due = due + every if every else time.perf_counter()

    await asyncio.gather(*(sit(each, place / len(browsers)) for place, each in enumerate(browsers)))
    for each in browsers:
        await each.hang_up()
