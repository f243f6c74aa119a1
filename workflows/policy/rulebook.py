"""What the process goes by: one policy, one calendar, one staff table, each with its version."""

from typing import Self

from pydantic import model_validator

from workflows.policy.model import Policy
from workflows.policy.staff import Staff
from workflows.time.calendar import Calendar
from workflows.values import Value


class Rulebook(Value):
    """Policy, calendar and staff table that belong together."""

    policy: Policy
    calendar: Calendar
    staff: Staff

    @model_validator(mode="after")
    def _shifts_cover_the_service_hours(self) -> Self:
        gaps = self.staff.uncovered(self.policy.service_hours)
        if gaps:
            raise ValueError(f"no agent is on shift within the service hours of the policy: {', '.join(gaps)}")
        return self
