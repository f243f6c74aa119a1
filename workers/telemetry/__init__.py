"""What the processes report of themselves."""
