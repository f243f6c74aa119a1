"""Verbs of the process: pure functions on a case, each citing the rule it stands for.

Importing the package announces every rule: importing one module alone would hear too little.
"""

from workflows.rules import advance as _advance
from workflows.rules import advancing as _advancing
from workflows.rules import appeals as _appeals
from workflows.rules import debts as _debts
from workflows.rules import evidence as _evidence
from workflows.rules import follow_up as _follow_up
from workflows.rules import fulfilment as _fulfilment
from workflows.rules import goods as _goods
from workflows.rules import intervention as _intervention
from workflows.rules import negotiation as _negotiation
from workflows.rules import not_returned as _not_returned
from workflows.rules import offers as _offers
from workflows.rules import payments as _payments
from workflows.rules import people as _people
from workflows.rules import receiving as _receiving
from workflows.rules import reprojection as _reprojection
from workflows.rules import review as _review
from workflows.rules import rulings as _rulings
from workflows.rules import stops as _stops
from workflows.rules import work_orders as _work_orders

RULE_MODULES = (
    _review,
    _negotiation,
    _offers,
    _intervention,
    _evidence,
    _rulings,
    _appeals,
    _fulfilment,
    _goods,
    _receiving,
    _payments,
    _advancing,
    _advance,
    _not_returned,
    _debts,
    _follow_up,
    _people,
    _stops,
    _reprojection,
    _work_orders,
)
"""Every module that announces rules, in the order of the process."""
