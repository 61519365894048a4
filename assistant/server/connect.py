"""Make the client that the settings ask for."""

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.server.record import Access
    from assistant.server.types import ModelServer
    from core.settings import Settings


def connect_to(
    config: "Settings", answer_seconds: float, *, is_patient: bool = True
) -> "ModelServer":
    """The client of the server, adapter, model and key of the settings; see `connect`."""
    from assistant.server.record import access, is_of_others

    return connect(
        config.server_url,
        access(config),
        config.api_key,
        answer_seconds,
        is_patient,
        not is_of_others(config),
    )


def connect(
    url: str,
    how: "Access",
    api_key: str | None,
    answer_seconds: float = 300,
    is_patient: bool = True,
    is_ours: bool = True,
) -> "ModelServer":
    """A client of the server at `url`: of TGI's own routes ("tgi") or the chat route ("openai").

    `answer_seconds` is the most that an answer may take; a patient client asks a server that is
    busy or not there yet again and again; `is_ours` is of one that opsctl starts. Makes no
    connection yet. Raises UsageError for an address that is none.
    """
    from assistant.server.wire.http import Timeouts

    timeouts = Timeouts(deadline=answer_seconds)
    if not is_patient:
        timeouts = replace(timeouts, busy=0, refused=0)
    if how.api == "openai":
        from assistant.server.protocols.openai import ChatClient

        return ChatClient(
            url, how.model, api_key, timeouts=timeouts, is_ours=is_ours, fields=how.fields
        )
    from assistant.server.protocols.tgi import TGIClient

    return TGIClient(url, how.adapter, api_key, timeouts=timeouts, is_ours=is_ours)
