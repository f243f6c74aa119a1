"""What is shown or written of a case: pure functions from the case to views, notices, details and records."""
