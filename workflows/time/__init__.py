"""Time: the Chinese working calendar, how long a limit lasts, and why a deadline is due when it is."""
