"""Commands without the second that loading their modules takes: a process that has loaded them forks one for each.

A command still is a process of its own, with its own environment, streams and exit code. `python -m
tests.starter.cli.forking SOCKET` serves what `asking.py` asks for, until its standard input ends.
"""

import importlib
import json
import os
import select
import signal
import socket
import sys

from starter.cli import main

_MOST = 1 << 20


def serve(address: str) -> None:
    """Load every command, then fork one for each that is asked for."""
    for place, _ in (*main.COMMANDS.values(), *main.SANDBOX.values()):
        importlib.import_module(place.partition(":")[0])
    importlib.import_module("starter.client.error_mapping")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(address)
        listening.listen(64)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while sys.stdin not in (able := select.select([listening, sys.stdin], [], [])[0]):
            if listening in able:
                client, _ = listening.accept()
                if os.fork() == 0:
                    listening.close()
                    _attend(client)
                client.close()


def _attend(client: socket.socket) -> None:
    """Run the command in a process of its own, wait for its end, and tell its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    asked, streams, _, _ = socket.recv_fds(client, _MOST, 3)
    command = os.fork()
    if command == 0:
        client.close()
        arguments, environment, directory = json.loads(asked)
        os.chdir(directory)
        _become(arguments, environment, streams)
    _, status = os.waitpid(command, 0)
    client.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(arguments: list[str], environment: dict[str, str], streams: list[int]) -> None:
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["redress", *arguments]
    main.main()


if __name__ == "__main__":
    serve(sys.argv[1])
