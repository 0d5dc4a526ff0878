"""How a played API refuses."""


class Refused(Exception):
    """An API error: its code and its message."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
