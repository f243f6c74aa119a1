"""What the tests file and say at the doors."""

from typing import Any


def filing(name: str, **changes: Any) -> dict[str, Any]:
    """Return a filing of that name's buyer."""
    return {
        "request_id": name,
        "channel": "order_page",
        "filed_by": {"role": "buyer", "id": f"b-{name}"},
        "order_id": f"o-{name}",
        "line": 1,
        "problem": "not_as_described",
        "description": "颜色与页面不符",
        "request": {"remedy": "refund", "amount": {"amount": 29900, "currency": "CNY"}},
    } | changes


def withdrawal(complaint: str, name: str, **changes: Any) -> dict[str, Any]:
    """Return the buyer's withdrawal."""
    message = {"kind": "withdrawn", "message_id": "w-1", "sender": {"role": "buyer", "id": f"b-{name}"}, "reason": "ok"}
    return {"complaint": complaint, "message": message | changes}
