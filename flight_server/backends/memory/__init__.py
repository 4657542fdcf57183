"""Arrow tables in memory: for examples and tests, and to hold databases against."""

from flight_server.backends.memory.backend import MemoryBackend

__all__ = ["MemoryBackend"]
