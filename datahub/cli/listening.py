"""`dhm serve --listen`: the web server around a loop, with the addresses that the project declares."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from datahub.cli.output import Stop, counted, say
from datahub.records import record

if TYPE_CHECKING:
    from datahub.events.endpoint import Endpoint
    from datahub.events.tls import Tls
    from datahub.project.load import Loaded
    from datahub.runner.jobs.serve import Loop, Scheduled


SHORTEST = 32
"""So many characters a token has at least."""


@record(frozen=True, slots=True)
class Listen:
    """How the web server was asked for: `where` is HOST:PORT, `token` a reference to a secret."""

    where: str = ""
    behind_proxy: bool = False
    token: str = ""
    certificate: Path | None = None
    key: Path | None = None


@contextmanager
def listening(asked: Listen, loaded: Loaded, loop: Loop, jobs: Callable[[], Mapping[str, Scheduled]]) -> Iterator[None]:
    """Take messages while the block runs; nothing where no place is said."""
    from datahub.cli.serving import told, warned
    from datahub.runner.jobs.bind import folders_of
    from datahub.state.sqlite.arrivals import gather

    folder = folders_of(loaded).ledger.parent
    left = gather(folder, loop.store.inbox)
    if left:
        say(f"{counted(left, 'message')} that a process had taken when it was killed: taken up")
    hooks = [trigger.path for one in jobs().values() for trigger in one.job.triggers if trigger.kind == "webhook"]
    if not asked.where:
        if asked.token or asked.certificate or asked.key:
            raise Stop("`--token` and `--tls-cert` are for what listens", "write `--listen HOST:PORT` too")
        if hooks:
            say(f"no messages are taken for {', '.join(f'/hooks/{one}' for one in hooks)}: `--listen 127.0.0.1:8787` takes them")
        yield
        return
    token, tls = _token(asked.token, loaded), _tls(asked)
    host, port = _place(asked, protected=bool(token) and tls is not None)
    from datahub.cli.project import ledger
    from datahub.events.connections import MOST_CONNECTIONS, Bounds, Connections
    from datahub.events.intake import Intake
    from datahub.events.receiver import Listening, Receiver, app
    from datahub.runner.jobs.operations import metrics, why_not

    # A connection of its own: what the loop reads does not keep messages waiting.
    store = ledger(loaded)
    # As the loop has read them: each message that came would look at the files again.
    addresses = Addresses(jobs)
    addresses()
    intake = Intake(store.inbox, folder, loop.wake.set, lambda what: told("", what), lambda what: warned("", what))
    receiver = Receiver(intake, addresses)
    served = Listening(
        app(
            receiver,
            lambda: why_not(store, loop.stopping) or intake.why_not(),
            lambda: metrics(store, jobs(), (loop.busy, loop.workers), datetime.now(UTC)),
            token,
        ),
        host,
        port,
        tls.context if tls is not None else None,
        # A proxy, and who is on this machine, may be all that there is.
        Connections(Bounds(of_address=MOST_CONNECTIONS) if asked.behind_proxy or _near(host) else Bounds(), receiver.refused),
    )
    if tls is not None:
        loop.tend = [*loop.tend, lambda _: tls.renew()]
    try:
        served.start()
    except OSError:
        raise Stop(
            f"`{asked.where}` cannot be listened at", "another process has it (`ss -ltnp` names it), or this machine has no such address"
        ) from None
    say(f"listening at http{'s' if tls is not None else ''}://{host}:{served.port}")
    try:
        yield
    finally:
        served.stop()
        intake.close()
        store.close()


def _token(reference: str, loaded: Loaded) -> str:
    """What operators show to read more than whether all is well."""
    from datahub.project.failures import TerminalError
    from datahub.project.secrets import Secret, has_reference

    if not reference:
        return ""
    if not has_reference(reference):
        raise Stop("`--token` stands in the list of processes, where everybody reads it", "write a reference: `--token '${env:DHM_TOKEN}'`")
    try:
        token = Secret(reference, loaded.vault).reveal()
    except TerminalError as problem:
        raise Stop(f"`--token`: {problem.message}", problem.help) from problem
    if len(token) < SHORTEST:
        raise Stop(f"the token has {len(token)} characters, and {SHORTEST} is the least", "`openssl rand -hex 32` makes one")
    return token


def _tls(asked: Listen) -> Tls | None:
    from datahub.cli.serving import told
    from datahub.events.tls import BadCertificate, Tls

    if asked.certificate is None:
        if asked.key is not None:
            raise Stop("`--tls-key` goes with `--tls-cert`", "name the file of the certificate too")
        return None
    try:
        return Tls(asked.certificate, asked.key, lambda what: told("", what))
    except BadCertificate as problem:
        raise Stop(str(problem), "`--tls-cert` takes a certificate with those above it, `--tls-key` its key, both as PEM") from None


def _near(host: str) -> bool:
    """Whether nobody but this machine reaches it; `ValueError` where it is no address."""
    return host == "localhost" or ipaddress.ip_address(host).is_loopback


def _place(asked: Listen, *, protected: bool) -> tuple[str, int]:
    where = asked.where
    host, _, port = where.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not port.isdigit() or int(port) > 65_535:
        raise Stop(f"`{where}` is no place to listen at", "write `--listen 127.0.0.1:8787`")
    try:
        near = _near(host)
    except ValueError:
        raise Stop(f"`{host}` is no address of this machine", "write `--listen 127.0.0.1:8787`") from None
    if not near and not asked.behind_proxy and not protected:
        raise Stop(
            f"`{host}` can be reached from other machines, and messages would travel without TLS, or all read its figures",
            "give it `--tls-cert` and `--token`; or put a proxy with TLS before `--listen 127.0.0.1:8787`; or say `--behind-proxy` where "
            "one stands on another machine",
        )
    return host, int(port)


class Addresses:
    """The addresses as the project declares them now; secrets are fetched when that changes."""

    def __init__(self, jobs: Callable[[], Mapping[str, Scheduled]]) -> None:
        self._jobs = jobs
        self._read: Mapping[str, Scheduled] | None = None
        self._found: dict[str, Endpoint] = {}

    def __call__(self) -> Mapping[str, Endpoint]:
        jobs = self._jobs()
        if jobs is not self._read:
            try:
                self._found = _endpoints(jobs)
            except Stop as stop:
                if self._read is None:
                    raise
                # What was read before still holds.
                stop.tell()
            self._read = jobs
        return self._found


def _endpoints(jobs: Mapping[str, Scheduled]) -> dict[str, Endpoint]:
    from datahub.events.endpoint import Bucket, Endpoint
    from datahub.project.failures import TerminalError

    found: dict[str, Endpoint] = {}
    for name, one in jobs.items():
        for hook in one.job.triggers:
            if hook.kind != "webhook":
                continue
            if hook.path in found:
                raise Stop(f"`/hooks/{hook.path}` starts two jobs, `{found[hook.path].job}` and `{name}`", "one address starts one job")
            try:
                secrets = [secret.reveal() for secret in hook.secrets]
            except TerminalError as problem:
                raise Stop(f"`/hooks/{hook.path}`: {problem.message}", problem.help) from problem
            found[hook.path] = Endpoint(hook.path, name, hook, secrets, Bucket(hook.rate, hook.burst))
    return found
