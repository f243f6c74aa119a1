"""What can go wrong with the embedded stack, each with a text that says what to do."""

from pathlib import Path


class StackError(Exception):
    """The embedded stack cannot start or go on; the text is for the person at the keyboard."""


class PortTaken(StackError):  # noqa: N818 - named as the news it brings
    """Another program listens on a port the stack was told to use."""

    def __init__(self, port: int, option: str) -> None:
        super().__init__(
            f"port {port} is taken by another program: stop that program, or choose another port with {option} "
            f"({option} 0 takes any free one)"
        )
        self.port = port
        self.option = option


class DataDirInUse(StackError):  # noqa: N818 - named as the news it brings
    """Another running stack holds the data directory."""

    def __init__(self, data_dir: Path, holder: int | None) -> None:
        who = f"process {holder}" if holder is not None else "a process that left no number"
        super().__init__(
            f"the data directory {data_dir} is in use by {who}: stop that stack first, "
            "or choose another directory with --data-dir"
        )
        self.holder = holder


class DiskFull(StackError):  # noqa: N818 - named as the news it brings
    """Too little room is left on the disk of the data directory for the databases to be safe."""

    def __init__(self, data_dir: Path, free: int, needed: int) -> None:
        super().__init__(
            f"the disk of {data_dir} has {free >> 20} MB left and the stack needs {needed >> 20} MB: "
            "free some room, or choose another directory with --data-dir"
        )


class ChildDied(StackError):  # noqa: N818 - named as the news it brings
    """A process of the stack did not come up, or died too often to be started again."""

    def __init__(self, name: str, happened: str, log: Path, last_lines: str) -> None:
        quoted = "\n".join(f"    {line}" for line in last_lines.splitlines()) or "    (its log is empty)"
        super().__init__(
            f"{name} {happened}: mend what its last lines say, then start again (the whole log is {log})\n{quoted}"
        )
        self.name = name
