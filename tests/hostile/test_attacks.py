"""Each hostile request once, and then many of them at one time, in a random order.

The default run sends one attack in eight alone, and the others with ``-m slow``, as CI does; then _SOME at
random, more in a thorough run; ``-m hostile_full`` sends 10,000 at random.
MESOONTO_HOSTILE_SEED repeats a run.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from tests.examples import examples, sampled
from tests.hostile import bodies, bombs, fields, nesting, network, uploads
from tests.hostile.attack import Attack
from tests.hostile.conftest import Victim
from tests.hostile.processes import State
from tests.wire import FORM, request

ATTACKS = [
    *nesting.ATTACKS,
    *bombs.ATTACKS,
    *bodies.ATTACKS,
    *uploads.ATTACKS,
    *fields.ATTACKS,
    *network.ATTACKS,
]
_LIGHT = [attack for attack in ATTACKS if not attack.heavy]
_HEAVY = [attack for attack in ATTACKS if attack.heavy]

_SOME, _ALL = max(60, examples(200)), 10_000
#: Attacks before the state is taken that the last one is compared with.
_WARM_UP = {_SOME: 200, _ALL: 2_000}
_CLIENTS = 8
#: One attack in so many is a heavy one.
_SELDOM = 40
#: Seconds after which a run starts no further attack.
_END = {_SOME: 120.0, _ALL: 6_000.0}
#: Growth of the serving processes' memory in each of so many rounds that is taken for a leak.
_LEAK, _ROUNDS = 1.10, 3

_FORM = {"Content-Type": FORM}

SEED = int(os.environ.get("MESOONTO_HOSTILE_SEED") or secrets.randbits(32))


def alive(victim: Victim) -> None:
    """The service answers a right question."""
    reply = request(victim.address, "GET", "/sparql?query=ASK%20%7B%7D", timeout=10)
    assert (reply.status, b"true" in reply.body) == (200, True), str(reply)


def test_names_are_different() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("attack", sampled(ATTACKS))
def test_attack(victim: Victim, attack: Attack) -> None:
    problem = attack.problem(attack.launch(victim.target, Random(f"{SEED}/{attack.name}")))
    assert problem is None, f"seed {SEED}: {problem}"
    alive(victim)
    assert victim.listener.calls == []


@pytest.mark.slow
@pytest.mark.parametrize("attack", sampled(network.ATTACKS))
def test_attack_where_there_are_no_network_namespaces(
    victim_without_namespaces: Victim, attack: Attack
) -> None:
    victim = victim_without_namespaces
    assert request(victim.address, "GET", "/health/network").text.split() == ["seccomp"]
    problem = attack.problem(attack.launch(victim.target, Random(f"{SEED}/{attack.name}")))
    assert problem is None, f"seed {SEED}: {problem}"
    assert victim.listener.calls == []


def _mixture(random: Random, number: int) -> Iterator[tuple[int, Attack]]:
    for place in range(number):
        yield place, random.choice(_HEAVY if place % _SELDOM == _SELDOM - 1 else _LIGHT)


@pytest.mark.slow
@pytest.mark.serial
@pytest.mark.parametrize("number", [_SOME, pytest.param(_ALL, marks=pytest.mark.hostile_full)])
def test_run(victim: Victim, number: int) -> None:
    """After many attacks at a time the server answers, has its processes, and holds no more memory."""
    _run(victim, number)


@pytest.mark.serial
@pytest.mark.hostile_full
def test_run_where_there_are_no_network_namespaces(victim_without_namespaces: Victim) -> None:
    _run(victim_without_namespaces, _ALL)


def _run(victim: Victim, number: int) -> None:
    end = time.monotonic() + _END[number]
    problems: list[str] = []
    done = 0

    def launch(numbered: tuple[int, Attack]) -> None:
        nonlocal done
        place, attack = numbered
        if time.monotonic() > end:
            return
        try:
            outcome = attack.launch(victim.target, Random(f"{SEED}/{place}"))
        except OSError as error:
            problems.append(f"{attack.name}, request {place}: {error!r}")
            return
        done += 1
        # A server under full load may turn anybody away, which is an answer too.
        if outcome.ending not in {"503", "429"} and (problem := attack.problem(outcome)) is not None:
            problems.append(f"{attack.name}, request {place}: {problem}")

    with ThreadPoolExecutor(_CLIENTS) as clients:
        list(clients.map(launch, _mixture(Random(SEED), _WARM_UP[number])))
        states = [victim.settled()]
        began = time.monotonic()
        asked = _WARM_UP[number]
        # What is kept for the largest request so far grows seldom, a leak with every round.
        while len(states) <= _ROUNDS and (len(states) == 1 or states[-1].memory > states[-2].memory * _LEAK):
            list(clients.map(launch, _mixture(Random(SEED + len(states)), number)))
            asked += number
            states.append(victim.settled())
        seconds = time.monotonic() - began
    print(f"{done} attacks, in {seconds:.0f} s after the warm-up, seed {SEED}", *states, sep="\n")

    if done < asked:
        problems.append(f"only {done} attacks in {_END[number]} s")
    problems += _changes(states)
    problems += victim.listener.calls
    log = victim.log.read_text(errors="replace")
    if "Traceback" in log:
        problems.append(f"the server's log has a stack trace: {log[log.index('Traceback') :][:3_000]}")
    jobs = {name: value for name, value in victim.metrics().items() if name.startswith("mesoonto_jobs_")}
    if jobs["mesoonto_jobs_running"] or jobs["mesoonto_jobs_waiting"]:
        problems.append(f"jobs that nobody waits for: {jobs}")
    alive(victim)
    reply = request(victim.address, "POST", "/update", b"update=CLEAR+DEFAULT", _FORM, timeout=20)
    if reply.status not in {200, 204}:
        problems.append(f"no write is possible any more: {reply}")
    assert problems == [], f"seed {SEED}, {done} attacks:\n" + "\n".join(problems[-50:])


def _changes(states: list[State]) -> list[str]:
    """What a run has left behind in the server: the state before it, and after each round."""
    before, after = states[0], states[-1]
    found = []
    if not after.like(before):
        found.append("not the same processes as before")
    if after.memory > states[-2].memory * _LEAK:
        found.append(f"more memory after each of {_ROUNDS} rounds")
    if after.threads > before.threads + 8 or after.files > before.files + 5:
        found.append("threads or files are not given back")
    return [f"{change}: {before} -> {after}" for change in found]
