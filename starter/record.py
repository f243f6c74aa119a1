"""The record as the doors read it: the case files, and the pool behind them."""

from typing import NamedTuple

from activities.postgres.pool import Pool
from activities.postgres.reading import CaseFiles


class Files(NamedTuple):
    """The record, and the pool behind it."""

    cases: CaseFiles
    pool: Pool
