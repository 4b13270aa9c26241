"""One interleaved run: for each template and number of clients, rounds in which every peer has its turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from . import process
from .data import Shape
from .peers import BUILD, BenchmarkError, Peer
from .templates import Template
from .verify import CHECKED

SOURCE = Path(__file__).parent / "client.c"
WARM_UP_SECONDS = 0.3
CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class Plan:
    """What a run does."""

    clients: tuple[int, ...]
    rounds: int
    seconds: float  #: of one turn
    repeats: bool  #: the same few queries again and again, in place of first-time queries
    foreign: float  #: a turn with more foreign load than this share of the machine is tried again
    retries: int


@dataclass(frozen=True)
class Turn:
    """What one peer did in one turn."""

    requests: int
    seconds: float
    server_cpu: float
    foreign: float  #: share of the machine that neither the server nor the load generator used
    p50_ms: float
    p99_ms: float
    first_byte_ms: float
    body_bytes: int
    reconnects: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds of the server for one request."""
        return 1000 * self.server_cpu / self.requests


@dataclass(frozen=True)
class Cell:
    """Medians over the turns of one peer, template and number of clients; ratios are to the first peer."""

    template: str
    clients: int
    peer: str
    rate: float
    lowest_rate: float
    highest_rate: float
    rate_ratio: float
    cpu_ms: float
    cpu_ratio: float | None  #: None when too little CPU was used to tell
    p50_ms: float
    p99_ms: float
    first_byte_ms: float
    requests: int
    bytes_per_request: float
    reconnects: int
    foreign: float


class Client:
    """The load generator, compiled when its source has changed; knows which queries a peer has had."""

    def __init__(self, shape: Shape) -> None:
        self._binary = BUILD / "client"
        self._shape = shape
        self._next: dict[tuple[str, str], int] = {}
        if not self._binary.exists() or self._binary.stat().st_mtime < SOURCE.stat().st_mtime:
            subprocess.run(["cc", "-O2", "-Wall", "-o", str(self._binary), str(SOURCE)], check=True)

    def turn(
        self,
        peer: Peer,
        template: Template,
        clients: int,
        seconds: float,
        *,
        repeats: bool,
        sample: bool = False,
    ) -> Turn:
        """Load one peer for some seconds and wait for the last answer; anything but a whole 200 is an error.

        With *sample* the memory of the server is read half-way, which disturbs it a little.
        """
        parameters = template.parameters(self._shape)
        targets = BUILD / "targets"
        make = template.repeated if repeats else template.targets
        targets.write_text("".join(f"{target}\n" for target in make(peer.path, parameters)))
        key = (peer.name, template.name)
        index = (
            0 if repeats else self._next.setdefault(key, max(len(parameters), CHECKED))
        )  # none that was checked
        arguments = [peer.port, targets, template.accept, clients, seconds, index, template.first, 0]

        busy, cpu, own = process.machine_busy_seconds(), process.cpu_seconds(peer.pid), os.times()
        with subprocess.Popen(
            [str(self._binary), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as running:
            if sample:
                time.sleep(seconds / 2)
                peer.sample_memory()
            output, errors = running.communicate()
        busy, cpu = process.machine_busy_seconds() - busy, process.cpu_seconds(peer.pid) - cpu
        client_cpu = sum(os.times()[:4]) - sum(own[:4])
        if running.returncode:
            raise BenchmarkError(f"the load generator failed on {peer.name}: {errors}")
        result: dict[str, Any] = json.loads(output)
        if result["bad_status"] or result["broken"] or not result["requests"]:
            raise BenchmarkError(
                f"{peer.name}, {template.name}, {clients} clients: not every answer was whole: {result}"
            )
        if not repeats:
            self._next[key] = result["next_index"]
        return Turn(
            requests=result["requests"],
            seconds=result["seconds"],
            server_cpu=cpu,
            foreign=max(0.0, (busy - cpu - client_cpu) / (result["seconds"] * CORES)),
            p50_ms=result["p50_ms"],
            p99_ms=result["p99_ms"],
            first_byte_ms=result["first_byte_p50_ms"],
            body_bytes=result["body_bytes"],
            reconnects=result["reconnects"],
        )


def run(
    peers: Sequence[Peer], templates: Sequence[Template], shape: Shape, plan: Plan
) -> list[dict[str, Any]]:
    """Measure every cell, interleaved; return the cells as dictionaries."""
    client = Client(shape)
    cells: list[dict[str, Any]] = []
    for template in templates:
        for clients in plan.clients:
            turns: list[dict[str, Turn]] = []
            for peer in peers:
                client.turn(peer, template, clients, WARM_UP_SECONDS, repeats=plan.repeats, sample=True)
            for number in range(plan.rounds):
                order = peers if number % 2 == 0 else list(reversed(peers))
                turns.append(
                    {peer.name: _quiet_turn(client, peer, template, clients, plan) for peer in order}
                )
            for peer in peers:
                cells.append(asdict(_cell(template.name, clients, peer.name, peers[0].name, turns)))
            _progress(template.name, clients, cells[-len(peers) :])
    return cells


def _quiet_turn(client: Client, peer: Peer, template: Template, clients: int, plan: Plan) -> Turn:
    """Take a turn; while other processes disturb it too much, take another; keep the least disturbed."""
    best = client.turn(peer, template, clients, plan.seconds, repeats=plan.repeats)
    for _ in range(plan.retries):
        if best.foreign <= plan.foreign:
            break
        other = client.turn(peer, template, clients, plan.seconds, repeats=plan.repeats)
        best = min(best, other, key=lambda turn: turn.foreign)
    return best


def _cell(template: str, clients: int, peer: str, baseline: str, turns: list[dict[str, Turn]]) -> Cell:
    own = [turn[peer] for turn in turns]
    base = [turn[baseline] for turn in turns]
    cpu, base_cpu = (sum(turn.server_cpu for turn in side) for side in (own, base))
    requests = sum(turn.requests for turn in own)
    cpu_ms = 1000 * cpu / requests
    base_cpu_ms = 1000 * base_cpu / sum(turn.requests for turn in base)
    return Cell(
        template=template,
        clients=clients,
        peer=peer,
        rate=median(turn.rate for turn in own),
        lowest_rate=min(turn.rate for turn in own),
        highest_rate=max(turn.rate for turn in own),
        rate_ratio=median(mine.rate / theirs.rate for mine, theirs in zip(own, base, strict=True)),
        cpu_ms=cpu_ms,
        cpu_ratio=base_cpu_ms / cpu_ms if min(cpu, base_cpu) >= 10 * process.TICK else None,
        p50_ms=median(turn.p50_ms for turn in own),
        p99_ms=median(turn.p99_ms for turn in own),
        first_byte_ms=median(turn.first_byte_ms for turn in own),
        requests=requests,
        bytes_per_request=sum(turn.body_bytes for turn in own) / requests,
        reconnects=sum(turn.reconnects for turn in own),
        foreign=median(turn.foreign for turn in own),
    )


def _progress(template: str, clients: int, cells: list[dict[str, Any]]) -> None:
    rates = "  ".join(f"{cell['peer']} {cell['rate']:.0f}/s ({cell['rate_ratio']:.2f})" for cell in cells)
    print(f"{template:18} {clients:2} clients  {rates}", file=sys.stderr, flush=True)
