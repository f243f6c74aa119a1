"""Adapter of the order system: facts of an order line, which a filing does not get to state itself (R1.2)."""

from pydantic import ConfigDict

from activities.partners.http import PartnerClient, path_segment
from workflows.complaint.domain.filing import OrderLine


class _Facts(OrderLine):
    """Unknown fields of the order system are ignored."""

    model_config = ConfigDict(extra="ignore")


class OrderSystem(PartnerClient):
    """Client of the platform's order system; raises PartnerError only."""

    NAME = "the order system"

    async def line(self, order_id: str, line: int) -> OrderLine | None:
        """Return the facts of one order line; None if there is no such line (404 `no_such_line`)."""
        answer = await self._partner.call("GET", f"/orders/{path_segment(order_id)}/lines/{line}")
        if answer.status == 404 and self._partner.error_code(answer) == "no_such_line":
            return None
        if answer.status != 200:
            raise self._partner.unexpected(answer)
        facts = self._partner.decode(_Facts, answer)
        if (facts.order_id, facts.line) != (order_id, line):
            raise self._partner.protocol_error(f"returned another line than line {line} of order {order_id}")
        return OrderLine(**dict(facts))
