"""A script cut into statements at its semicolons."""

from tests.hana_emulator.engine.lexer import tokens


def statements_of(script: str) -> list[str]:
    """The texts of the statements, without the empty ones."""
    found, start = [], None
    last = 0
    for token in tokens(script):
        if token.kind == "end" or (token.kind == "symbol" and token.text == ";"):
            if start is not None:
                found.append(script[start:last])
            start = None
        else:
            start = token.start if start is None else start
            last = token.end
    return found
