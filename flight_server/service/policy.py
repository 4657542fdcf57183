"""Who may change what: until roles are built (issue E), a switch and a list of spaces."""

from dataclasses import dataclass
from typing import Final

from flight_client.protocol.errors import AccessDenied, InvalidRequest

_OFF: Final = (
    "Changing data is switched off on this server; whoever runs it sets writes.enabled = true and "
    "names the spaces in writes.spaces."
)


@dataclass(frozen=True, slots=True)
class WritePolicy:
    """What may be changed, by everybody.

    Attributes:
        spaces: The spaces whose tables may be changed; None where writing is off.
    """

    spaces: frozenset[str] | None = None

    @property
    def is_on(self) -> bool:
        """Whether anything may be changed."""
        return self.spaces is not None

    def writable(self) -> frozenset[str]:
        """The spaces to write to.

        Raises:
            AccessDenied: Writing is off.
        """
        if self.spaces is None:
            raise AccessDenied(_OFF)
        return self.spaces

    def target(self, asked: str | None, default: str | None) -> str:
        """The space that is written to.

        Args:
            asked: The one that the request names, if it does.
            default: That of its session, if it has one; taken where it may be written to.

        Raises:
            AccessDenied: Writing is off, or this space is not one to write to.
            InvalidRequest: None is named, and there are several.
        """
        spaces = self.writable()
        if asked is None and default in spaces:
            return default
        if asked is None and len(spaces) == 1:
            return next(iter(spaces))
        if asked is None:
            raise InvalidRequest(
                f"The table has no space; name one of {', '.join(sorted(spaces))}."
            )
        if asked not in spaces:
            raise AccessDenied(
                f"The space {asked!r} is not one to write to; writable are "
                f"{', '.join(sorted(spaces))}.",
                space=asked,
            )
        return asked
