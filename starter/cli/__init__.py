"""The commands of `redress`; modules are imported when their command is called."""
