"""Where rows end: each module makes one library's frame of a RecordBatchReader, without Flight."""


class MissingDependency(ImportError):
    """A sink's library is not installed; the message names the extra that brings it."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(
            f"{library} is not installed; run: pip install 'datasphere-flight[{extra}]'",
            name=library,
        )
