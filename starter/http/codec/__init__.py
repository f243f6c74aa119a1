"""The codec server: opens sealed payloads for people who look at cases with Temporal's own programs."""
