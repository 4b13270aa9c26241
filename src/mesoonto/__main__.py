"""``python -m mesoonto`` is ``mesoonto``."""

from mesoonto.cli import main

main()
