"""The commands, one module each; loaded only when they are called."""
