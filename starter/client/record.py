"""The record as the doors read it: the case files, and the pool behind them."""

from typing import NamedTuple

from activities.store.case_files import CaseFiles
from activities.store.pool import Pool


class Files(NamedTuple):
    """The record, and the pool behind it."""

    cases: CaseFiles
    pool: Pool
