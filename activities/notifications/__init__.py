"""Notices to people: recipients, channels, texts, and their delivery."""
