"""Rules of money: movements are decided, requested, settled, corrected and reversed (R6.10, R6.11, R5.6)."""
