"""From measured costs to machines: what a number of triples and a rate of queries take.

All of it is arithmetic on fits (`benchmarks.scaling.fit`) and on the assumptions named here. What lies beyond
the largest size measured is extrapolated, and the tables say so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, sqrt

from .fit import Fit

_HOUR = 3600.0
GB = 1e9

#: The share of its cores that a machine may be busy with queries: beyond it, they wait for each other.
UTILISATION = 0.6

#: Whole versions of a dataset on one disk: the current one, two before, one that is being loaded
#: (docs/replicas.md).
VERSIONS = 4

#: The share of the disk that may be full.
DISK_SHARE = 0.8

#: The share of the memory that the page cache may have.
CACHE_SHARE = 0.5

#: Hours in which a dataset should be loaded, to be renewed every night.
NIGHT = 8.0

#: Hours that a server gives its follower to load and verify a version (`mesoonto_server.follower`).
FOLLOW_HOURS = 1.0

#: Processor seconds at which a query of one client is too long for a public endpoint (`--timeout`).
LONGEST_QUERY = 30.0


@dataclass(frozen=True, slots=True)
class MachineKind:
    """A kind of machine. A core is taken to be as fast as one of the machine that was measured."""

    name: str
    cores: int
    memory: float  #: bytes
    disk: float  #: bytes


@dataclass(frozen=True, slots=True)
class Slopes:
    """The fits of what was measured, each as a function of the number of triples."""

    load_cpu: Fit  #: seconds for a triple
    load_memory: Fit  #: bytes at the peak, in all
    stored_bytes: Fit  #: on disk, for a triple
    validate_cpu: Fit  #: seconds for a focus node
    validate_memory: Fit  #: bytes at the peak, for a triple
    focus_nodes: float  #: for a triple
    publish_cpu: Fit  #: seconds for a triple
    follow_cpu: Fit  #: seconds for a triple
    published_bytes: Fit  #: for a triple
    queries: Mapping[str, Fit]  #: by template: seconds of processor time, warm
    front_cpu: float  #: seconds that the endpoint adds to a query


#: The templates that a look at one patient asks, with their shares: the mix of 10,000 queries a second.
RECORDS = {"look-up": 0.6, "star": 0.3, "path": 0.1}

#: The same with one query in a thousand over all measurements of a biomarker.
MIXED = {"look-up": 0.6, "star": 0.3, "path": 0.099, "range": 0.001}


def query_cpu(slopes: Slopes, mix: Mapping[str, float], triples: float) -> float:
    """The mean processor seconds of a query of *mix*, that of the endpoint included."""
    if abs(sum(mix.values()) - 1) > 1e-9:
        raise ValueError("the shares of a mix add up to 1")
    return slopes.front_cpu + sum(share * slopes.queries[name].at(triples) for name, share in mix.items())


def cores(rate: float, cpu: float) -> float:
    """The cores that *rate* queries a second take, each *cpu* seconds, with `UTILISATION`."""
    return rate * cpu / UTILISATION


def machines_for_rate(rate: float, cpu: float, kind: MachineKind) -> int:
    """Replicas of *kind*, each with all data, for *rate* queries a second of *cpu* seconds."""
    return max(1, ceil(cores(rate, cpu) / kind.cores))


def disk_needed(slopes: Slopes, triples: float) -> float:
    """The bytes of disk that a replica needs, with its `VERSIONS` and the packed files of one."""
    stored = slopes.stored_bytes.at(triples) * VERSIONS + slopes.published_bytes.at(triples)
    return stored * triples / DISK_SHARE


def fits(slopes: Slopes, triples: float, kind: MachineKind) -> bool:
    """Whether one machine can hold the data: the embedded engine cannot divide them among several."""
    return disk_needed(slopes, triples) <= kind.disk


def cached_share(slopes: Slopes, triples: float, kind: MachineKind) -> float:
    """The share of one version that the page cache holds; the warm figures hold where it is 1."""
    return min(1.0, kind.memory * CACHE_SHARE / (slopes.stored_bytes.at(triples) * triples))


def load_hours(slopes: Slopes, triples: float, on_cores: int = 1) -> float:
    """Hours to load *triples*, with as many cores busy all the time as *on_cores*."""
    return slopes.load_cpu.at(triples) * triples / on_cores / _HOUR


def publish_hours(slopes: Slopes, triples: float) -> float:
    """Hours until a version is published; it runs on one core."""
    return slopes.publish_cpu.at(triples) * triples / _HOUR


def follow_hours(slopes: Slopes, triples: float) -> float:
    """Hours until a replica has taken a version, on one core."""
    return slopes.follow_cpu.at(triples) * triples / _HOUR


def validate_core_hours(slopes: Slopes, triples: float) -> float:
    """Core hours to validate *triples*, in parts of the size that was measured at most."""
    part = min(triples, slopes.validate_cpu.largest)
    return slopes.validate_cpu.at(part) * slopes.focus_nodes * triples / _HOUR


def validate_workers(slopes: Slopes, kind: MachineKind) -> int:
    """Parts of the largest size measured that one machine validates at one time."""
    largest = slopes.validate_memory.largest
    part = slopes.validate_memory.at(largest) * largest
    return min(kind.cores, int(kind.memory * (1 - CACHE_SHARE) / part))


def validate_machines(slopes: Slopes, triples: float, kind: MachineKind, hours: float = NIGHT) -> int:
    """Machines of *kind* that validate *triples* within *hours*; 0 where one part needs more than one has."""
    workers = validate_workers(slopes, kind)
    return ceil(validate_core_hours(slopes, triples) / hours / workers) if workers else 0


def most_triples(hours: Callable[[float], float], at_most: float = NIGHT) -> float:
    """The most triples for which *hours*, which grows with them, stays within *at_most*."""
    low, high = 1.0, 1e15
    while high / low > 1.0001:
        middle = sqrt(low * high)
        low, high = (middle, high) if hours(middle) <= at_most else (low, middle)
    return low


def pick(slopes: Slopes, triples: float, kind: MachineKind) -> str:
    """The engine for *triples* on machines of *kind*, and why; see docs/scaling.md for the rule."""
    if not fits(slopes, triples, kind):
        if triples > LARGEST_ON_ONE_MACHINE:
            return "a cluster"
        return "one larger engine: the data with their versions do not fit on the disk"
    if load_hours(slopes, triples) > NIGHT:
        return "one larger engine: loading takes longer than a night on one core"
    if slopes.queries["range"].at(triples) > LONGEST_QUERY:
        return "embedded for look-ups; one larger engine where queries range over all data"
    return "embedded"


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """What somebody else published of an engine; nothing of it was measured here."""

    engine: str
    triples: float
    what: str
    source: str


#: The most triples that a published figure puts on one machine.
LARGEST_ON_ONE_MACHINE = 100e9

PUBLISHED = (
    PublishedFigure(
        "QLever", 100e9,
        "indexes of up to 100 billion triples on one PC or server with 128 GB of memory; some 1 hour a "
        "billion to build them on a Ryzen 9 5900X",
        "https://github.com/ad-freiburg/QLever/blob/master/docs/quickstart.md",
    ),
    PublishedFigure(
        "QLever", 18e9,
        "the complete Wikidata in less than 24 hours on a usual Linux machine with around 40 GB of memory",
        "https://github.com/jbuerklin/qleverUI",
    ),
    PublishedFigure(
        "GraphDB 10.2", 20e9,
        "sizing of its maker: 1 billion statements 36 GB of memory and 150 GB of disk, 20 billion 134 GB "
        "and 2.9 TB",
        "https://graphdb.ontotext.com/documentation/10.2/requirements.html",
    ),
    PublishedFigure(
        "Virtuoso 7.2", 19.4e9,
        "UniProt's endpoint in 2015: two nodes with all data each, 64 cores, 256 GB, 2.5 TB of SSD; "
        "loaded at 500,000 triples a second; at most 35 million queries a month",
        "https://www.slideshare.net/slideshow/ldbc-6th-user-t/48052503",
    ),
    PublishedFigure(
        "Virtuoso 7 cluster", 150e9,
        "BSBM with 50 and 150 billion triples on a cluster, of its maker (2013)",
        "https://virtuoso.openlinksw.com/whitepapers/"
        "150_Billion_Triple_dataset_hosted_on_the_LOD2_Knowledge_Store_Cluster.html",
    ),
    PublishedFigure(
        "Apache Jena TDB2 (Fuseki)", 1e9,
        "xloader: BSBM with 1 billion triples in 7.5 hours, made for a spinning disk and one processor of "
        "four cores",
        "https://www.mail-archive.com/dev@jena.apache.org/msg30576.html",
    ),
    PublishedFigure(
        "Oxigraph, Jena, GraphDB", 390e6,
        "QLever's authors on DBLP, Ryzen 9 7950X with 16 cores and 128 GB: loading 640, 2,392 and 1,066 s; "
        "index 67, 42 and 28 GB; mean of their queries 93, 69 and 16 s",
        "https://github.com/ad-freiburg/qlever/wiki/"
        "QLever-performance-evaluation-and-comparison-to-other-SPARQL-engines",
    ),
)  # fmt: skip
