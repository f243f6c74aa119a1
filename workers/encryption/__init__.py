"""Payloads sealed before they leave for Temporal: the key ring, the codec, and the product's data converter."""
