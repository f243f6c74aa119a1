"""The codec server: decrypts payloads for authorised readers of Temporal's web UI and CLI."""
