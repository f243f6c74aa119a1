"""Alipay as payment provider: signing, the calls, what each movement becomes there, and its notifications."""
