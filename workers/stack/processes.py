"""The children that are written here: how partners, worker and gateway are launched and known to serve."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx2

from workers.stack.child import Child, Program
from workers.stack.ports import LOOPBACK

READY_FILE = "REDRESS_READY_FILE"  # the worker makes the file of this name once it polls


def partners_child(
    command: Sequence[str], port: int, home: Path, environment: Mapping[str, str], kept_fds: Sequence[int]
) -> Child:
    """Describe the sandbox partners: they serve when `GET /health` answers 200 on `port`.

    In the command the words `{port}`, `{data_dir}`, `{temporal}` and `{gateway}` stand for what is only known at the
    start.
    """
    return Child(_server("the sandbox partners", "partners.log", command, port, home, environment, kept_fds))


def gateway_child(
    command: Sequence[str], port: int, home: Path, environment: Mapping[str, str], kept_fds: Sequence[int]
) -> Child:
    """Describe the gateway; it serves and its command is worded as with the partners."""
    return Child(_server("the gateway", "gateway.log", command, port, home, environment, kept_fds))


def codec_child(
    command: Sequence[str], port: int, home: Path, environment: Mapping[str, str], kept_fds: Sequence[int]
) -> Child:
    """Describe the codec server; it serves and its command is worded as with the partners."""
    return Child(_server("the codec server", "codec.log", command, port, home, environment, kept_fds))


def _server(
    name: str,
    log: str,
    command: Sequence[str],
    port: int,
    home: Path,
    environment: Mapping[str, str],
    kept_fds: Sequence[int],
) -> Program:
    known = {"{port}": str(port), "{data_dir}": str(home), "{temporal}": environment["TEMPORAL_ADDRESS"]}
    known |= {"{gateway}": environment.get("REDRESS_GATEWAY_URL", "")}

    async def ready() -> bool:
        try:
            async with httpx2.AsyncClient(trust_env=False, timeout=2) as client:
                return (await client.get(f"http://{LOOPBACK}:{port}/health")).status_code == httpx2.codes.OK
        except httpx2.HTTPError:
            return False

    return Program(
        name=name,
        argv=[known.get(word, word) for word in command],
        log=home / "logs" / log,
        env=environment,
        ready=ready,
        kept_fds=kept_fds,
    )


def worker_child(command: Sequence[str], home: Path, environment: Mapping[str, str], kept_fds: Sequence[int]) -> Child:
    """Describe the worker: it serves once it has made the file named by REDRESS_READY_FILE."""
    mark = home / "worker.ready"

    async def prepare() -> None:
        mark.unlink(missing_ok=True)

    async def ready() -> bool:
        return mark.exists()

    program = Program(
        name="the worker",
        argv=list(command),
        log=home / "logs" / "worker.log",
        env={**environment, READY_FILE: str(mark)},
        prepare=prepare,
        ready=ready,
        stop_within=30.0,
        kept_fds=kept_fds,
    )
    return Child(program)
