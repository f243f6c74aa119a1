"""The order system: facts of an order line, never taken from the complainant's word (R1.2)."""

from pydantic import ConfigDict

from activities.partners.http import PartnerClient, segment
from workflows.complaint.domain.filing import OrderLine


class _Facts(OrderLine):
    """The order system may tell more than we ask; what we do not know is left aside."""

    model_config = ConfigDict(extra="ignore")


class OrderSystem(PartnerClient):
    """Asks the platform's order system; raises PartnerUnreachable or PartnerConfused, nothing else."""

    NAME = "the order system"

    async def line(self, order_id: str, line: int) -> OrderLine | None:
        """Return the facts of one order line; None if the order system says there is no such line."""
        answer = await self._partner.call("GET", f"/orders/{segment(order_id)}/lines/{line}")
        if answer.status == 404 and self._partner.code_of(answer) == "no_such_line":
            return None
        if answer.status != 200:
            raise self._partner.unexpected(answer)
        facts = self._partner.read(_Facts, answer)
        if (facts.order_id, facts.line) != (order_id, line):
            raise self._partner.confused(f"answered another line than line {line} of order {order_id}")
        return OrderLine(**dict(facts))
