"""Chance that can be repeated: whatever a test leaves to chance comes from one seed, printed at the start of a run."""

import os
import random

SEED = int(os.environ.get("REDRESS_SEED") or random.SystemRandom().randrange(10**9))
os.environ["REDRESS_SEED"] = str(SEED)  # processes that share the tests of one run share its seed


def chance(name: str) -> random.Random:
    """Return the chance of one test, the same for the same seed whatever else runs."""
    return random.Random(f"{SEED} {name}")  # noqa: S311 - what is tried is no secret
