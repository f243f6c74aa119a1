"""Adapter of Alipay as the payment provider (ADR 9)."""

GATEWAY = "https://openapi.alipay.com/gateway.do"
"""Production URL."""
