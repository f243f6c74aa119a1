"""The ids of the rulebook, each with what it is about in a line, and where it is shown if no story can tell it.

Sections 1 to 7, 9 and 10 without R10.5, and of section 11 what a single complaint has to hold.
"""

RULES = {
    "R1.1": "every channel feeds one registry",
    "R1.2": "what is recorded; order facts come from the order system",
    "R1.3": "only the buyer may complain, or named staff on the buyer's behalf",
    "R1.4": "one open complaint per order line and problem",
    "R1.5": "receipt is acknowledged to the buyer and told to the seller at once",
    "R1.6": "first human response within 30 service minutes",
    "R1.7": "admission windows; outside them not applicable, with a courtesy call",
    "R1.8": "never more than was paid; a claim asks for more and is countersigned",
    "R2.1": "review within a working day: accept, ask for material, not applicable, unfounded",
    "R2.2": "unfounded is ruling 1, which the buyer may appeal",
    "R2.3": "problem types",
    "R2.4": "severity; grave complaints are told to the general manager",
    "R2.5": "one named handler; handover is a step",
    "R2.6": "work orders: answer, a date once, a plan, one rejection, the general manager",
    "R3.1": "the seller answers within 48 hours",
    "R3.2": "offers: numbered, one live, confirmed by number, lapsing",
    "R3.3": "the seller's silence brings the platform in",
    "R3.4": "the buyer asks the platform to step in, or the complaint lapses",
    "R3.5": "agreeing gives what was asked; the buyer may withdraw until fulfilment",
    "R3.6": "goodwill of staff rises by rungs, never above 30 %",
    "R4.1": "the platform steps in within 2 working days",
    "R4.2": "the platform resolves within 7 working days",
    "R4.3": "tighter limits: quality, logistics, major",
    "R4.4": "evidence windows and who must prove",
    "R4.5": "late evidence, silence on record, codes of silence only where true",
    "R4.6": "what a ruling says; countersigned above the limit",
    "R4.7": "SYSTEM escalates and never rules on merit",
    "R5.1": "each party confirms or appeals within 48 hours",
    "R5.2": "silence is consent, recorded as such",
    "R5.3": "when a ruling is final",
    "R5.4": "appeal: once per party, another supervisor, uphold, change, send back",
    "R5.5": "external recourse: referred out before a ruling, noted after it",
    "R5.6": "what is overturned is reversed",
    "R6.1": "a refund is paid within 24 hours",
    "R6.2": "compensation, price difference, coupon within 24 hours",
    "R6.3": "return and refund: ship-by, arrival, inspection",
    "R6.4": "a silent carrier is asked; never picked up, or lost",
    "R6.5": "exchange",
    "R6.6": "repair; a second failure is major",
    "R6.7": "reship, part, original, apology; the buyer reports what came",
    "R6.8": "who pays the return freight",
    "R6.9": "declined or not done by the seller",
    "R6.10": "movements of money: decided, requested, settled, failed, owned, retried",
    "R6.11": "who pays by liability; nothing to give closes as unfounded",
    "R6.12": "held money is not released by a complaint",
    "R7.1": "who must do what by when, and what happens otherwise",
    "R7.2": "duties climb: warned, missed, supervisor, operations manager, reminders",
    "R7.3": "duties stop while a party is waited for",
    "R7.4": "in time is what the edge received in time",
    "R7.5": "every deadline can be explained",
    "R7.6": "the calendar is pinned; another one only by a recorded re-projection",
    "R7.7": "a hold lets everything stand still",
    "R9.1": "who may be advanced what, and one advance at a time",
    "R9.2": "the fund advances, frozen; the return, the recovery, the unfreezing",
    "R9.3": "nothing to return: unfrozen when the ruling is final",
    "R9.4": "nothing came back: the buyer is asked, the advance clawed back, the seller paid",
    "R9.5": "recovery, and the debt that is left of it",
    "R9.6": "an advance is resolved once, and counts against the seller",
    "R9.7": "what a frozen advance replaces, and what becomes of it",
    "R10.1": "callback ladder and survey",
    "R10.2": "content closes; discontent is a second cycle, then a letter",
    "R10.3": "the result goes to everybody concerned",
    "R10.4": "outcomes; nothing leaves them",
    "R11.1": "the timeline is complete, gapless, append-only",
    "R11.2": "the parties can see the progress at any time",
}

BY_TEST = {
    "R2.3": (
        "tests.workflows.complaint.rulebook.test_rows",
        "test_every_channel_and_every_problem_is_filed_in_a_story",
    ),
    "R7.4": (
        "tests.workflows.complaint.rules.test_dispatch",
        "test_received_a_hair_later_the_default_has_passed_first",
    ),
    "R7.5": (
        "tests.workflows.complaint.rules.test_clocks",
        "test_why_due_names_the_stop_and_every_day",
    ),
    "R11.1": (
        "tests.workflows.complaint.test_laws",
        "test_every_case_on_every_way_keeps_the_laws",
    ),
    "R11.2": (
        "tests.workflows.complaint.rulebook.test_rows",
        "test_at_any_time_it_can_be_seen_where_a_complaint_stands",
    ),
}
"""Rules that no step of a story shows: what does not happen, what is asked from outside, what always holds."""

ELSEWHERE: dict[str, str] = {}
"""Rules that are built elsewhere; a test tells when one is here and still stands in this list."""

LIMITS_ELSEWHERE: dict[str, str] = {}
"""Rows of the annex that no rule runs yet, with the reason."""
