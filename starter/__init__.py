"""The doors: the command line and the client behind it."""
