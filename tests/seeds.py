"""Seeds of the random tests that start and kill whole processes.

One is tried in every `make test`, all of them by `make soak`: each is a quarter of a minute of two cores.
"""

from typing import Final

import pytest

SEEDS: Final = (0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 5)))
