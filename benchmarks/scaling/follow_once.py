"""Takes the latest version of a publication once, as a replica's follower does, and ends.

python -m benchmarks.scaling.follow_once PUBLICATION COPY
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from mesoonto.dataset.versions import Location
from mesoonto.replicas.cache import FileCache
from mesoonto.replicas.follow import Follower, FollowState
from mesoonto.replicas.install import install
from mesoonto.replicas.storage import source


def main(publication: str, copy: Path) -> None:
    """Fetch, load, verify, and make it the current version below *copy*; SystemExit with the reason."""
    copy.mkdir(parents=True)
    cache, location = FileCache(copy), Location(copy / "dataset")
    follower = Follower(
        source(publication), cache, location, partial(install, cache=cache, location=location),
        lambda _: None, interval=1.0, most=1 << 50,
    )  # fmt: skip
    follower.look()
    if follower.status.state is not FollowState.CURRENT:
        raise SystemExit(follower.status.error)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
