"""From a FedML ``config.json`` to settings, or one sentence about all that is wrong with it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias, cast

from flight_client.config import ClientConfig, read_config, read_secret
from flight_client.protocol.errors import InvalidRequest

Keys: TypeAlias = Mapping[str, object]

TIMEOUT_S: Final = 600.0
"""Longest wait for a call that moves no rows, an UPDATE for example; FedML waited for ever."""

_NEEDED: Final = ("address", "port", "user", "password")
_SWITCHES: Final = ("disableCloudRedirect", "sslUseDefaultTrustStore")
_TEXTS: Final = {
    "sslTrustStore": "trust_store",
    "sslHostNameInCertificate": "host_name_in_certificate",
    "sslSNIHostname": "sni_host_name",
}
"""Properties of hdbcli, and the keys of the server's ``[hana]`` that mean the same."""

_CHECKED: Final = ("encrypt", "sslValidateCertificate")
_FLIGHT: Final = ("token", "token_file", "tls_roots", "allow_plaintext_credentials")
_BOTH: Final = ("schema", "space", "write_space", "timeout_s")
_OTHERS: Final = ("communicationTimeout", "autocommit")
KNOWN: Final = frozenset(
    {*_NEEDED, *_SWITCHES, *_TEXTS, *_CHECKED, *_FLIGHT, *_BOTH, *_OTHERS, "flight_uri"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HanaKeys:
    """How a server in this process reaches HANA.

    Attributes:
        section: Keys of ``[hana]`` in the server's configuration.
        writable: Schemas whose tables may be changed.
    """

    section: Keys = field(repr=False)
    writable: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a configuration says.

    Attributes:
        server: The one to connect to, or what one is started with.
        schema: Where names given without a schema are read; None for wherever they are unique.
        own: Where tables are made; None leaves the choice to the server.
        timeout_s: Longest wait for a call that moves no rows, in seconds.
        remarks: What the user should know, a sentence each.
    """

    server: ClientConfig | HanaKeys
    schema: str | None
    own: str | None
    timeout_s: float
    remarks: tuple[str, ...] = ()

    @property
    def reads(self) -> tuple[str | None, ...]:
        """Where a name without a schema is looked for, the first place first; None is anywhere."""
        return self._places(self.schema, self.own)

    @property
    def writes(self) -> tuple[str | None, ...]:
        """The same for a table that is changed."""
        return self._places(self.own, self.schema)

    def _places(self, *named: str | None) -> tuple[str | None, ...]:
        places: list[str | None] = [each for each in dict.fromkeys(named) if each is not None]
        return tuple(places if self.own is not None else [*places, None])


def load(url: str | os.PathLike[str] | None, dict_obj: object) -> Keys:
    """The keys of ``dict_obj``, or else those of a JSON file.

    Raises:
        InvalidRequest: There is no such file, or it holds no object.
    """
    if dict_obj is not None:
        if not isinstance(dict_obj, Mapping):
            raise InvalidRequest(f"dict_obj is a dict of keys; got {type(dict_obj).__name__}.")
        return cast("Keys", dict_obj)
    if not isinstance(url, str | os.PathLike | None):  # pyright: ignore[reportUnnecessaryIsInstance] - callers err
        raise InvalidRequest(
            f"url is the path of a JSON file; got {type(url).__name__}: give keys as dict_obj=."
        )
    path = Path("config.json" if url is None else url)
    try:
        keys: object = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InvalidRequest(
            f"The configuration {str(path)!r:.120} cannot be read: {error.strerror}; give its path "
            "as url=, or its keys as dict_obj=."
        ) from None
    except ValueError as error:
        raise InvalidRequest(f"{str(path)!r:.120} holds no JSON: {error!s:.120}.") from None
    if not isinstance(keys, dict):
        raise InvalidRequest(f"{str(path)!r:.120} holds no JSON object of keys.")
    return cast("Keys", keys)


def settings_of(keys: Keys, environment: Mapping[str, str]) -> Settings:
    """What the keys mean; FedML's optional ones may be texts, as hdbcli takes them.

    Args:
        keys: Of the configuration.
        environment: ``FLIGHT_CLIENT_...`` stand in for keys that a Flight server needs.

    Raises:
        InvalidRequest: Keys are missing, all of which are named, or a value does not fit.
    """
    remarks = [
        f"The key {name!r:.80} of the configuration is not known and not used."
        for name in keys
        if name not in KNOWN
    ]
    timeout_s = _seconds(keys)
    schema = _text(keys, "space") or _text(keys, "schema")
    own = _text(keys, "write_space")
    if keys.get("flight_uri") is not None:
        config = _flight(keys, environment, timeout_s)
        return Settings(
            server=replace(config, space=None),
            schema=schema or config.space,
            own=own,
            timeout_s=timeout_s,
            remarks=tuple(remarks),
        )
    remarks += _disobeyed(keys)
    missing = [name for name in _NEEDED if keys.get(name) in (None, "")]
    if schema is None:
        missing.append("schema")
    if missing:
        raise InvalidRequest(
            f"The configuration lacks {', '.join(missing)}; add what is missing, or flight_uri "
            "for a Flight server."
        )
    own = own or _text(keys, "user") or ""
    writable = tuple(dict.fromkeys((own, schema or own)))
    return Settings(
        server=HanaKeys(section=_hana(keys), writable=writable),
        schema=schema,
        own=own,
        timeout_s=timeout_s,
        remarks=tuple(remarks),
    )


def _flight(keys: Keys, environment: Mapping[str, str], timeout_s: float) -> ClientConfig:
    """The settings of a client; a token wins over FedML's user and password."""
    token = _text(keys, "token")
    file = _text(keys, "token_file")
    if token is not None and file is not None:
        raise InvalidRequest("token and token_file are both given; keep one of them.")
    if file is not None:
        token = read_secret(file, "token_file")
    return read_config(
        environment,
        uri=_text(keys, "flight_uri"),
        token=token,
        user=None if token else _text(keys, "user"),
        password=None if token else _text(keys, "password"),
        tls_roots=_text(keys, "tls_roots"),
        allow_plaintext_credentials=_switch(keys, "allow_plaintext_credentials") or False,
        timeout_s=timeout_s,
    )


def _hana(keys: Keys) -> dict[str, object]:
    section: dict[str, object] = {
        "address": _text(keys, "address"),
        "port": _whole(keys, "port"),
        "user": _text(keys, "user"),
        "password": _text(keys, "password"),
        "options": {
            name: value for name in _SWITCHES if (value := _switch(keys, name)) is not None
        },
    }
    section |= {ours: found for name, ours in _TEXTS.items() if (found := _text(keys, name))}
    if milliseconds := _whole(keys, "communicationTimeout"):
        section["communication_timeout_s"] = max(1.0, milliseconds / 1000)
    return section


def _disobeyed(keys: Keys) -> list[str]:
    """A sentence for each key that asks for less than safety, or for what needs another key."""
    remarks = [
        f"{name} = false is not obeyed: HANA is spoken to with TLS, and its certificate is "
        "checked; name a PEM file of its authority as sslTrustStore if it is not found trusted."
        for name in _CHECKED
        if _switch(keys, name) is False
    ]
    remarks += [
        f"The key {name!r} is not used without flight_uri." for name in _FLIGHT if name in keys
    ]
    return remarks


def _text(keys: Keys, name: str) -> str | None:
    value = keys.get(name)
    if not isinstance(value, str | None):
        raise InvalidRequest(f"The key {name} of the configuration is a text.")
    return value or None


def _switch(keys: Keys, name: str) -> bool | None:
    value = keys.get(name)
    if value is None or isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "false": False, "0": False}
    if str(value).lower() not in known:
        raise InvalidRequest(f"{name} is true or false; got {value!r:.40}.")
    return known[str(value).lower()]


def _seconds(keys: Keys) -> float:
    value = keys.get("timeout_s", TIMEOUT_S)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise InvalidRequest(f"timeout_s is a number of seconds over 0; got {value!r:.40}.")
    return value


def _whole(keys: Keys, name: str) -> int | None:
    value = keys.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if not isinstance(value, str) or not value.isascii() or not value.isdigit():
        raise InvalidRequest(f"{name} is a whole number; got {value!r:.40}.")
    return int(value)
