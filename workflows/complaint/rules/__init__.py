"""Verbs of the process: pure functions on a case, each citing the rule it stands for.

Importing the package announces every rule: importing one module alone would hear too little.
"""

from workflows.complaint.rules import appeals as _appeals
from workflows.complaint.rules import clocks as _stops
from workflows.complaint.rules import evidence as _evidence
from workflows.complaint.rules import follow_up as _follow_up
from workflows.complaint.rules import intervention as _intervention
from workflows.complaint.rules import negotiation as _negotiation
from workflows.complaint.rules import offers as _offers
from workflows.complaint.rules import people as _people
from workflows.complaint.rules import reprojection as _reprojection
from workflows.complaint.rules import review as _review
from workflows.complaint.rules import rulings as _rulings
from workflows.complaint.rules import work_orders as _work_orders
from workflows.complaint.rules.advances import course as _advance
from workflows.complaint.rules.advances import debts as _debts
from workflows.complaint.rules.advances import not_returned as _not_returned
from workflows.complaint.rules.advances import ordering as _advancing
from workflows.complaint.rules.goods import fulfilment as _fulfilment
from workflows.complaint.rules.goods import legs as _goods
from workflows.complaint.rules.goods import receiving as _receiving
from workflows.complaint.rules.money import payments as _payments

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
