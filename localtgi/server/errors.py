"""What can go wrong with a request.

RequestError   TGI's own refusal                              JSON, or an event of a stream
BadBody        the body is not one TGI's framework can read   plain text
"""

import logging


class RequestError(Exception):
    """A request that fails the way TGI says it: text, `error_type` and status."""

    def __init__(self, text: str, kind: str, status: int) -> None:
        super().__init__(text)
        self.text = text
        self.kind = kind
        self.status = status


class BadBody(Exception):
    """A body that cannot be read, answered in plain text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def invalid(text: str) -> RequestError:
    """A parameter or a length that is not accepted."""
    return RequestError(f"Input validation error: {text}", "validation", 422)


def overloaded() -> RequestError:
    """As many requests as are allowed are being answered already."""
    return RequestError("Model is overloaded", "overloaded", 429)


def failed(error: Exception) -> RequestError:
    """The model failed in the middle of an answer."""
    text = f"Request failed during generation: Server error: {error}"
    return RequestError(text, "generation", 424)


def unhealthy() -> RequestError:
    """The model failed, and has not worked since."""
    return RequestError("unhealthy", "healthcheck", 503)


def told(error: Exception) -> RequestError:
    """What a client is told; of a fault that nothing foresaw, the log has the place."""
    if isinstance(error, RequestError):
        return error
    logging.getLogger("localtgi").error("a request failed", exc_info=error)
    return failed(error)
