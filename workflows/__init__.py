"""The process: what a complaint is, the rules that decide it, and the workflow that waits and calls."""
