"""`python -S asking.py SOCKET ARGUMENT…`: a command run by the process that has them loaded (`forking.py`).

It runs on the streams, in the environment and in the directory of this one, which imports next to nothing and so
begins at once.
"""

import array
import json
import os
import socket
import sys


def ask(address: str, arguments: list[str]) -> int:
    """Have the command run; returns its exit code, 70 where the process that runs it died."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(address)
        asked = json.dumps([arguments, dict(os.environ), os.getcwd()]).encode()  # noqa: PTH109 - see above
        server.sendmsg([asked], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", (0, 1, 2)))])
        return int(server.recv(16) or b"70")


if __name__ == "__main__":
    os._exit(ask(sys.argv[1], sys.argv[2:]) & 0xFF)
