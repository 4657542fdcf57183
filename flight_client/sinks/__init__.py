"""Where rows end: each module makes one library's frame of a RecordBatchReader, without Flight."""


class MissingDependency(ImportError):
    """A sink's library is not installed; the message names the extra that brings it."""

    def __init__(self, library: str, extra: str, note: str = "") -> None:
        """Say which library, which extra, and in ``note`` what else that extra asks for."""
        super().__init__(
            f"{library} is not installed; run: pip install 'datasphere-flight[{extra}]'"
            + (f" ({note})" if note else ""),
            name=library,
        )


class NoDevice(RuntimeError):
    """No GPU can be used here; nothing was read, and nothing fell back to the host by itself."""

    def __init__(self, cause: str) -> None:
        """Say why, in the words of CUDA or of the library that does not load."""
        super().__init__(
            f"No GPU can be used here: {cause}; to_arrow() reads the same rows into host memory."
        )
