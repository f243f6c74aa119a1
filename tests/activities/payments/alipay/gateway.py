"""A local Alipay: a real HTTP server that checks our signatures, keeps a book, signs its answers, and can fail.

It signs and verifies with an independent SDK, so that nothing of ours vouches for itself.
"""

import asyncio
import functools
import json
import re
import socket
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from alipay import AliPay, DCAliPay
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activities.payments.alipay.signing import Certificates
from tests.activities.payments.alipay.keys import a_strangers, alipays, certified, ours

APP_ID = "2021000000000001"
Node = dict[str, Any]

_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_NUMBER = re.compile(r"[A-Za-z0-9_]{1,64}")


_CERTIFIED_ONLY = "alipay.fund.trans."


def sdk(private: str | None = None) -> AliPay:
    """Alipay's side: its own private key, and the application's public one."""
    return AliPay(
        appid=APP_ID, app_private_key_string=private or alipays().private, alipay_public_key_string=ours().public
    )


@functools.cache
def known_as() -> Certificates:
    """What the independent SDK calls the certificates."""
    files = certified()
    with warnings.catch_warnings():
        # It reads issuers in a way that the library below it advises against.
        warnings.simplefilter("ignore", DeprecationWarning)
        app, roots, alipay = files.app, files.roots, files.alipay
        return Certificates(DCAliPay.get_cert_sn(app), DCAliPay.get_root_cert_sn(roots), DCAliPay.get_cert_sn(alipay))


@dataclass
class Trade:
    """What a buyer paid for an order."""

    total: Decimal
    buyer: Node
    no: str
    refunds: dict[str, Decimal] = field(default_factory=dict)

    @property
    def refunded(self) -> Decimal:
        return sum(self.refunds.values(), Decimal())


class Fails(Exception):  # noqa: N818
    """The business says no."""

    def __init__(self, sub_code: str, code: str = "40004", sub_msg: str = "业务/处理失败") -> None:
        self.node = {"code": code, "msg": "Business Failed", "sub_code": sub_code, "sub_msg": sub_msg}


class LocalGateway:
    """The book, and how the next calls of a method fail: `fail("alipay.trade.refund", "silent_after")`."""

    def __init__(self) -> None:
        self.trades: dict[str, Trade] = {}
        self.transfers: dict[str, Node] = {}
        self.asked: list[str] = []
        self.balance = Decimal(10_000)
        self.url = ""
        self._orders: dict[str, list[str]] = {}
        self._sdk, self._stranger = sdk(), sdk(private=a_strangers().private)
        self._certificates = {"app_cert_sn": known_as().app, "alipay_root_cert_sn": known_as().roots}
        self.certificate = known_as().alipay
        self._calls: dict[str, Callable[[Node], Node]] = {
            "alipay.trade.refund": self._refund,
            "alipay.trade.fastpay.refund.query": self._refund_query,
            "alipay.trade.query": self._trade_query,
            "alipay.fund.trans.uni.transfer": self._transfer,
            "alipay.fund.trans.common.query": self._transfer_query,
        }

    def paid(self, order: str, yuan: str, **buyer: str) -> Trade:
        """Let a buyer pay for an order."""
        who = buyer or {"buyer_user_id": "2088000000000007"}
        trade = self.trades[order] = Trade(Decimal(yuan), who, f"20261122{len(self.trades):020d}")
        return trade

    def fail(self, method: str, *modes: str) -> None:
        """Order failures for the next calls of a method, one each; `""` is none."""
        self._orders.setdefault(method, []).extend(modes)

    async def answer(self, request: Request) -> Response:
        """Answer one call as Alipay's gateway does: HTTP 200 whatever it says."""
        fields = dict(request.query_params) | dict(parse_qsl((await request.body()).decode(), strict_parsing=True))
        method = fields.get("method", "")
        self.asked.append(method)
        orders = self._orders.get(method, [])
        mode = orders.pop(0) if orders else ""
        if mode == "silent_before":
            return _hang_up()
        wrong = self._refused_at_the_door(fields)
        node = wrong or self._done(method, json.loads(fields["biz_content"]), mode)
        return _hang_up() if mode == "silent_after" else self._spoken(method, node, mode, signed=wrong is None)

    def _refused_at_the_door(self, fields: dict[str, str]) -> Node | None:
        signature = fields.pop("sign", "")
        if fields.get("app_id") != APP_ID:
            return Fails("isv.invalid-app-id", "40002").node
        said = {name: fields.get(name) for name in ("version", "charset", "format", "sign_type")}
        if said != {"version": "1.0", "charset": "utf-8", "format": "JSON", "sign_type": "RSA2"}:
            return Fails("isv.invalid-parameter", "40002").node
        certified_as = {name: fields[name] for name in self._certificates if name in fields}
        if certified_as != self._certificates and (certified_as or fields["method"].startswith(_CERTIFIED_ONLY)):
            return Fails("isv.app-call-limited", "40006").node
        if not _TIMESTAMP.fullmatch(fields.get("timestamp", "")):
            return Fails("isv.invalid-timestamp", "40002").node
        # The SDK leaves sign_type out, as it is for notifications; a request signs it with the rest.
        raw = "&".join(f"{name}={value}" for name, value in sorted(fields.items()))
        return None if self._sdk._verify(raw, signature) else Fails("isv.invalid-signature", "40002").node

    def _done(self, method: str, content: Node, mode: str) -> Node:
        if mode == "system_error_before":
            return Fails("ACQ.SYSTEM_ERROR").node
        if mode == "unavailable":
            return Fails("isp.unknow-error", "20000").node
        if mode.startswith("says:"):
            return Fails(mode.removeprefix("says:")).node
        try:
            node = {"code": "10000", "msg": "Success", **self._calls[method](content)}
        except Fails as no:
            return no.node
        if mode == "system_error_after":
            return Fails("SYSTEM_ERROR").node
        if mode.startswith("{"):
            node |= json.loads(mode)
        return {name: value for name, value in node.items() if value is not None}

    def _spoken(self, method: str, node: Node, mode: str, *, signed: bool) -> Response:
        raw = json.dumps(node, ensure_ascii=False).replace("/", "\\/")
        signature = (self._stranger if mode == "forged" else self._sdk)._sign(raw)
        if mode == "bent":
            raw = raw.replace('"10000"', '"10000" ')
        outer = f'{{"{method.replace(".", "_")}_response":{raw},"alipay_cert_sn":"{self.certificate}"'
        outer += f',"sign":"{signature}"}}' if signed and mode != "unsigned" else "}"
        return Response(outer, media_type="text/html;charset=utf-8")

    def _trade(self, content: Node) -> Trade:
        if content["out_trade_no"] not in self.trades:
            raise Fails("ACQ.TRADE_NOT_EXIST", sub_msg="交易不存在")
        return self.trades[content["out_trade_no"]]

    def _refund(self, content: Node) -> Node:
        trade, number, amount = self._trade(content), content["out_request_no"], Decimal(content["refund_amount"])
        assert _NUMBER.fullmatch(number)
        before = trade.refunds.get(number)
        if before is not None and before != amount:
            raise Fails("ACQ.DISCORDANT_REPEAT_REQUEST", sub_msg="请求信息不一致")
        if before is None:
            if trade.refunded + amount > trade.total:
                raise Fails("ACQ.REASON_TRADE_REFUND_FEE_ERR", sub_msg="退款金额无效")
            if amount > self.balance:
                raise Fails("ACQ.SELLER_BALANCE_NOT_ENOUGH", sub_msg="卖家余额不足")
            trade.refunds[number], self.balance = amount, self.balance - amount
        return {
            "out_trade_no": content["out_trade_no"], "trade_no": trade.no, "buyer_logon_id": "159****5620",
            "fund_change": "Y" if before is None else "N", "refund_fee": f"{trade.refunded:.2f}",
        }  # fmt: skip

    def _refund_query(self, content: Node) -> Node:
        trade = self._trade(content)
        amount = trade.refunds.get(content["out_request_no"])
        if amount is None:
            return {}
        return {
            "out_trade_no": content["out_trade_no"], "trade_no": trade.no, "out_request_no": content["out_request_no"],
            "total_amount": f"{trade.total:.2f}", "refund_amount": f"{amount:.2f}", "refund_status": "REFUND_SUCCESS",
        }  # fmt: skip

    def _trade_query(self, content: Node) -> Node:
        trade = self._trade(content)
        return {
            "out_trade_no": content["out_trade_no"], "trade_no": trade.no, "trade_status": "TRADE_SUCCESS",
            "total_amount": f"{trade.total:.2f}", **trade.buyer,
        }  # fmt: skip

    def _transfer(self, content: Node) -> Node:
        number, amount = content["out_biz_no"], Decimal(content["trans_amount"])
        assert _NUMBER.fullmatch(number)
        assert (content["product_code"], content["biz_scene"]) == ("TRANS_ACCOUNT_NO_PWD", "DIRECT_TRANSFER")
        known = self.transfers.get(number)
        if known is None:
            if amount < Decimal("0.10"):
                raise Fails("EXCEED_LIMIT_SM_MIN_AMOUNT")
            if amount > self.balance:
                raise Fails("PAYER_BALANCE_NOT_ENOUGH", sub_msg="付款方余额不足")
            self.balance -= amount
            known = {"content": content, "status": "SUCCESS", "order_id": f"2026112211007000{len(self.transfers):016d}"}
            self.transfers[number] = known
        elif known["content"] != content:
            raise Fails("PAYMENT_INFO_INCONSISTENCY", sub_msg="两次请求商户单号一样，但是参数不一致")
        return {"out_biz_no": number, "order_id": known["order_id"], "status": known["status"]}

    def _transfer_query(self, content: Node) -> Node:
        number = content["out_biz_no"]
        known = self.transfers.get(number)
        if known is None:
            raise Fails("ORDER_NOT_EXIST", sub_msg="转账订单不存在")
        paid = known["content"]["trans_amount"] if known["status"] == "SUCCESS" else None
        return {
            "out_biz_no": number, "order_id": known["order_id"], "status": known["status"], "trans_amount": paid,
            "error_code": known.get("error_code"), "fail_reason": known.get("fail_reason"),
        }  # fmt: skip


def _hang_up() -> Response:
    """Promise more than is sent, so that the connection ends in the middle of the answer."""
    return Response(b"", headers={"content-length": "100"})


@asynccontextmanager
async def local_gateway() -> AsyncIterator[LocalGateway]:
    """Run a local Alipay on a free port."""
    gateway = LocalGateway()
    app = Starlette(routes=[Route("/gateway.do", gateway.answer, methods=["POST"])])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        gateway.url = f"http://127.0.0.1:{listening.getsockname()[1]}/gateway.do"
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield gateway
        finally:
            server.should_exit = True
            await serving
