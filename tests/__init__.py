"""The tests, laid out as the packages are."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
"""Where the packages and their pages are."""
