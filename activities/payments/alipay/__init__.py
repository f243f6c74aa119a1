"""Alipay as payment provider: signing, the calls, what each movement becomes there, and its notifications."""

GATEWAY = "https://openapi.alipay.com/gateway.do"
"""Alipay's production gateway."""
