"""Client settings: one frozen value, read once from arguments and environment; opens nothing."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal, TypeAlias, cast
from urllib.parse import urlsplit

from flight_client.protocol.errors import InvalidRequest
from flight_client.protocol.tickets import check_name

Pem: TypeAlias = bytes | str | os.PathLike[str]
"""PEM as bytes or text, or the path of a file of it."""

SCHEMES: Final = ("grpc", "grpc+tcp", "grpc+tls", "grpc+unix")

URI_VARIABLE: Final = "FLIGHT_CLIENT_URI"
VARIABLES: Final = {
    "uri": URI_VARIABLE,
    "token": "FLIGHT_CLIENT_TOKEN",
    "token_file": "FLIGHT_CLIENT_TOKEN_FILE",
    "user": "FLIGHT_CLIENT_USER",
    "password": "FLIGHT_CLIENT_PASSWORD",
    "password_file": "FLIGHT_CLIENT_PASSWORD_FILE",
    "tls_roots": "FLIGHT_CLIENT_TLS_ROOTS",
    "cert": "FLIGHT_CLIENT_CERT",
    "key": "FLIGHT_CLIENT_KEY",
    "space": "FLIGHT_CLIENT_SPACE",
}
"""Environment variable of each setting that has one; an argument wins over it."""

MAX_SHOWN_PATH: Final = 120
"""Longest path in a message, in characters."""

_HEADER_NAME: Final = re.compile(r"[a-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens: a host and a port, or the path of a Unix socket.

    Attributes:
        scheme: How it is spoken to.
        host: Name or IP address; empty for a socket.
        port: Always given; 0 for a socket.
        path: Of the socket, from the root, as a URI has it; empty for a host.
    """

    scheme: Literal["grpc", "grpc+tcp", "grpc+tls", "grpc+unix"]
    host: str
    port: int
    path: str = ""

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme == "grpc+tls"

    @property
    def loopback(self) -> bool:
        """Whether nothing leaves this machine; a name other than localhost is not looked up."""
        if self.host == "localhost" or self.path:
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        if self.path:
            return f"{self.scheme}://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConfig:
    """Settings of one connection.

    Attributes:
        address: The server.
        token: Bearer token; excludes ``user`` and ``password``.
        user: User of basic authentication.
        password: Its password.
        tls_roots: PEM text of the certificates to trust; None for the system's.
        cert: PEM text of the client's certificate chain, for mutual TLS.
        key: PEM text of its private key.
        tls_verify: False accepts any server certificate.
        allow_plaintext_credentials: Send credentials without TLS to another machine.
        space: Space of names given without one; None where they are unique.
        headers: Further headers of every call, names in lower case.
        connect_timeout_s: Longest wait for a connection in seconds.
        timeout_s: Longest wait for a call that moves no rows, its retries included.
        stream_timeout_s: Longest life of a stream of rows; None for no limit.
        idle_timeout_s: Longest silence of a stream; the server gives a sign of life every 5 s.
        parallelism: Most endpoints read at once.
        progress: Show a progress bar on stderr; None in terminals and notebooks only.
    """

    address: Address
    token: str | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls_roots: str | None = field(default=None, repr=False)
    cert: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    tls_verify: bool = True
    allow_plaintext_credentials: bool = False
    space: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    connect_timeout_s: float = 10.0
    timeout_s: float = 60.0
    stream_timeout_s: float | None = None
    idle_timeout_s: float | None = 300.0
    parallelism: int = 8
    progress: bool | None = None

    def __post_init__(self) -> None:
        for name in ("token", "user", "password"):
            if not isinstance(getattr(self, name), str | None):
                raise InvalidRequest(f"{name} is a text.")  # and its value stays a secret
        self._check_credentials()
        if self.space is not None:
            check_name(self.space, "space")
        if (self.cert is None) != (self.key is None):
            raise InvalidRequest("A client certificate needs both cert= and key=; got one of them.")
        tls_only = {"tls_roots": self.tls_roots, "cert": self.cert, "tls_verify": self.tls_verify}
        given = [name for name, value in tls_only.items() if value not in (None, True)]
        if given and not self.address.tls:
            raise InvalidRequest(
                f"{given[0]} has no meaning for {self.address}: write grpc+tls:// for TLS."
            )
        for name in ("connect_timeout_s", "timeout_s", "stream_timeout_s", "idle_timeout_s"):
            if not _is_duration(getattr(self, name)):
                raise InvalidRequest(
                    f"{name} is a number of seconds over 0; got {getattr(self, name)!r:.80}."
                )
        if type(self.parallelism) is not int or self.parallelism < 1:
            raise InvalidRequest(
                f"parallelism is a whole number from 1; got {self.parallelism!r:.80}."
            )

    def _check_credentials(self) -> None:
        if self.token is not None and self.user is not None:
            raise InvalidRequest("A token and a user are both given; keep one of them.")
        if (self.user is None) != (self.password is None):
            raise InvalidRequest("A user needs a password and a password a user; got one of them.")
        if self.user is not None and ":" in self.user:
            raise InvalidRequest("A user of basic authentication has no colon in its name.")
        if self.token is not None:
            _check_header_value("The token", self.token)
        for name, value in self.headers:
            if not _HEADER_NAME.fullmatch(name):
                raise InvalidRequest(f"{name!r:.80} is no name of a header; use a-z, 0-9, - and _.")
            _check_header_value(f"The header {name!r}", value)
        sends_secret = self.token is not None or self.user is not None or self._authorizes()
        exposed = not self.address.tls and not self.address.loopback
        if sends_secret and exposed and not self.allow_plaintext_credentials:
            raise InvalidRequest(
                f"Credentials would travel unencrypted to {self.address}: use grpc+tls://, or say "
                "allow_plaintext_credentials=True."
            )

    def _authorizes(self) -> bool:
        return any(name == "authorization" for name, _ in self.headers)


def _is_duration(value: object) -> bool:
    if value is None:
        return True
    return isinstance(value, int | float) and value is not True and 0 < value < float("inf")


def _check_header_value(what: str, value: object) -> None:
    text = value if isinstance(value, str) else ""
    if not text or not text.isascii() or not text.isprintable():
        raise InvalidRequest(
            f"{what} is empty or holds characters that no header may; check where it comes from."
        )


def parse_address(uri: str) -> Address:
    """The address that a URI names.

    Raises:
        InvalidRequest: Another scheme, no host or port, or more than an address.
    """
    example = "write for example grpc+tls://host:8815"
    if not isinstance(uri, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers err
        raise InvalidRequest(f"The address is a text; got {uri!r:.80}: {example}.")
    if "@" in uri:  # in any form, so that no password is ever repeated below
        raise InvalidRequest(
            "The address holds a user or password; give them as user= and password=."
        )
    shown = re.split("[?#]", uri)[0]
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError as error:
        raise InvalidRequest(f"{shown!r:.120} is no address: {error}; {example}.") from None
    if parts.scheme not in SCHEMES:
        raise InvalidRequest(
            f"The scheme of {shown!r:.120} is none of {', '.join(SCHEMES)}; {example}."
        )
    if parts.query or parts.fragment:
        raise InvalidRequest(f"{shown!r:.120} is followed by more than an address; {example}.")
    if parts.scheme == "grpc+unix":
        if parts.netloc or not parts.path.startswith("/"):
            raise InvalidRequest(
                f"{shown!r:.120} is no address of a Unix socket; write for example "
                "grpc+unix:///run/flight.sock."
            )
        return Address(parts.scheme, "", 0, parts.path)
    if not parts.hostname or port is None or parts.path not in ("", "/"):
        raise InvalidRequest(f"{shown!r:.120} is no address with a host and a port; {example}.")
    return Address(parts.scheme, parts.hostname, port)


def read_config(
    environment: Mapping[str, str],
    *,
    uri: str | None = None,
    token: str | None = None,
    user: str | None = None,
    password: str | None = None,
    tls_roots: Pem | None = None,
    cert: Pem | None = None,
    key: Pem | None = None,
    tls_verify: bool = True,
    allow_plaintext_credentials: bool = False,
    space: str | None = None,
    headers: Mapping[str, str] | None = None,
    connect_timeout_s: float = 10.0,
    timeout_s: float = 60.0,
    stream_timeout_s: float | None = None,
    idle_timeout_s: float | None = 300.0,
    parallelism: int = 8,
    progress: bool | None = None,
) -> ClientConfig:
    """The settings of arguments and environment; attributes as in ``ClientConfig``.

    Credentials are taken from one place as a whole: an argument keeps those of the environment out.

    Raises:
        InvalidRequest: Naming the setting that is missing, unreadable or does not fit.
    """
    known = {name: environment.get(variable) or None for name, variable in VARIABLES.items()}
    named = uri or known["uri"]
    if named is None:
        raise InvalidRequest(
            f"No server is named: pass its address, or set {URI_VARIABLE}; "
            "for example grpc+tls://host:8815."
        )
    address = parse_address(named)
    if not address.tls:  # certificates of the environment may be meant for other connections
        known |= dict.fromkeys(("tls_roots", "cert", "key"))
    if token is None and user is None and password is None:
        token = _secret(known["token"], known["token_file"], "token")
        user = known["user"]
        password = _secret(known["password"], known["password_file"], "password")
    return ClientConfig(
        address=address,
        token=token,
        user=user,
        password=password,
        tls_roots=_pem(tls_roots if tls_roots is not None else known["tls_roots"], "tls_roots"),
        cert=_pem(cert if cert is not None else known["cert"], "cert"),
        key=_pem(key if key is not None else known["key"], "key"),
        tls_verify=tls_verify,
        allow_plaintext_credentials=allow_plaintext_credentials,
        space=space or known["space"],
        headers=_headers(headers),
        connect_timeout_s=connect_timeout_s,
        timeout_s=timeout_s,
        stream_timeout_s=stream_timeout_s,
        idle_timeout_s=idle_timeout_s,
        parallelism=parallelism,
        progress=progress,
    )


def read_secret(path: str | os.PathLike[str], what: str) -> str:
    """The text of a file that holds a secret, without the newline at its end.

    Raises:
        InvalidRequest: The file cannot be read.
    """
    return _read(path, what).decode("utf-8", "replace").strip()


def _headers(given: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    if given is None:
        return ()
    if not isinstance(given, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - callers err
        raise InvalidRequest("headers is a mapping of names to values.")
    return tuple((str(name).lower(), value) for name, value in given.items())


def _secret(value: str | None, file: str | None, what: str) -> str | None:
    if value is not None and file is not None:
        raise InvalidRequest(
            f"{VARIABLES[what]} and {VARIABLES[f'{what}_file']} are both set; keep one of them."
        )
    return value if file is None else read_secret(file, VARIABLES[f"{what}_file"])


def _pem(source: Pem | None, what: str) -> str | None:
    if source is None:
        return None
    content = _content(source, what)
    if b"-----BEGIN" not in content:
        raise InvalidRequest(f"What {what} names holds no PEM; convert it to PEM.")
    return content.decode("utf-8", "replace")


def _content(source: object, what: str) -> bytes:
    match source:
        case bytes():
            return source
        case str() if "-----BEGIN" in source:
            return source.encode()
        case str() | os.PathLike():
            return _read(cast("str | os.PathLike[str]", source), what)
        case _:
            raise InvalidRequest(f"{what} is PEM, or the path of a file of it.")


def _read(path: str | os.PathLike[str], what: str) -> bytes:
    shown = os.fspath(path)
    if "\n" in shown:  # no path that anybody meant, and perhaps a secret
        raise InvalidRequest(f"What is given as {what} is neither PEM nor the path of a file.")
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no path"
        raise InvalidRequest(
            f"The file {_cut(shown)!r} of {what} cannot be read: {reason}."
        ) from None


def _cut(path: str) -> str:
    """A path that fits a sentence, with its end, which tells most."""
    return path if len(path) <= MAX_SHOWN_PATH else f"...{path[-MAX_SHOWN_PATH:]}"
