"""Runs a program that dies with its supervisor: `leash.py SIGNAL SUPERVISOR PROGRAM [ARGUMENT…]`.

A file of its own, started as a fresh interpreter and standard library only: the wish to be told of
the parent's death must be made between fork and exec, where a process with threads may run no Python.
The wish survives exec and a new user namespace, since neither raises the program's privileges.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for SIGNAL when SUPERVISOR ends, then become PROGRAM, whose files are private."""
    signal, supervisor, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0:
        sys.exit(f"the kernel refused to tie {program[0]} to its supervisor: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != supervisor:  # it died before the wish was made
        sys.exit(1)
    os.umask(0o077)  # what the stack writes names people
    try:
        os.execvp(program[0], program)  # noqa: S606 - becoming the program is the purpose
    except OSError as error:
        sys.exit(f"{program[0]} cannot be run: {error.strerror}")


if __name__ == "__main__":
    main()
