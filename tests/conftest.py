"""What holds for all tests."""

from __future__ import annotations

import torch
from hypothesis import settings

# The tests run in as many processes as there are cores; threads on top of that only get in each other's way.
torch.set_num_threads(1)

# Most of the time of a first example is imports and caches, which says nothing about the code.
settings.register_profile("random", deadline=None)
# The same examples in every run, so that a test fails because of a change; --hypothesis-profile=random looks further.
settings.register_profile("convsym", deadline=None, derandomize=True)
settings.load_profile("convsym")
