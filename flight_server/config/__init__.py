"""The configuration: one frozen tree, read once, all problems reported together."""

from flight_server.config.hana import Credential, HanaSection
from flight_server.config.loading import CONFIG_VARIABLE, ConfigurationError, load, variable_name
from flight_server.config.section import Section, is_secret, is_table
from flight_server.config.tree import (
    SECTIONS,
    Configuration,
    DatabaseSection,
    LimitsSection,
    LogSection,
    ServerSection,
    TicketsSection,
    WritesSection,
)

__all__ = [
    "CONFIG_VARIABLE",
    "SECTIONS",
    "Configuration",
    "ConfigurationError",
    "Credential",
    "DatabaseSection",
    "HanaSection",
    "LimitsSection",
    "LogSection",
    "Section",
    "ServerSection",
    "TicketsSection",
    "WritesSection",
    "is_secret",
    "is_table",
    "load",
    "variable_name",
]
