"""Make the client that the settings ask for."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.server.types import ModelServer


def connect(url: str, api: str, adapter: str, model: str, api_key: str | None) -> "ModelServer":
    """A client of the server at `url`: of TGI's own routes ("tgi") or the chat route ("openai").

    Makes no connection yet. Raises UsageError for an address that is none.
    """
    if api == "openai":
        from assistant.server.openai import ChatClient

        return ChatClient(url, model, api_key)
    from assistant.server.tgi import TGIClient

    return TGIClient(url, adapter, api_key)
