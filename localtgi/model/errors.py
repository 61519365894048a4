"""Why a server does not start."""


class StartError(Exception):
    """The server cannot start; the text is one sentence for the operator."""
