"""Writes the adapters into deploy/tgi.local.env, whose lines win over tgi.env."""

import os
import re
import shutil
from pathlib import Path

from core.errors import UserError
from core.files import access_hint, whole_file
from core.server_file import ZERO_ADAPTER, ServerFile, adapter_entries, local_of
from opsctl.server.folders import ADAPTERS

_LOCAL_HEAD = b"# Of this machine: each line takes the place of the one of its name in tgi.env.\n"
# The name of the variable with what is before it, and the value; the end of the line stays out.
_DECLARED = re.compile(
    rb"^((?:\xef\xbb\xbf)?[ \t]*LORA_ADAPTERS)(?:=([^\r\n]*))?(?=\r?$)", re.MULTILINE
)


def put_adapter_first(file: ServerFile, name: str) -> tuple[str, str]:
    """Make an adapter the first of LORA_ADAPTERS, and zero the last; return the old value and new.

    It is written to the local file. One that is not declared yet is in ADAPTERS. Nothing else
    changes, and nothing at all when the adapter is the first already. Raise UserError if the file
    cannot be written.
    """
    old = file.values.get("LORA_ADAPTERS", "")
    new = _with_first(old, name)
    local = local_of(file.path)
    try:
        content = local.read_bytes() if local.is_file() else _LOCAL_HEAD
        if new != old:
            _replace(local.resolve(), _with_value(content, new.encode()))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"{local} cannot be written ({reason})", access_hint(local)) from error
    return old, new


def _with_first(old: str, name: str) -> str:
    entries = {title: text for title, text in adapter_entries(old) if text}
    if next(iter(entries), "") == name and ZERO_ADAPTER in entries:
        return old
    first = entries.pop(name, f"{name}={ADAPTERS}/{name}")
    zero = entries.pop(ZERO_ADAPTER, f"{ZERO_ADAPTER}={ADAPTERS}/{ZERO_ADAPTER}")
    return ",".join([first, *entries.values(), zero])


def _with_value(content: bytes, value: bytes) -> bytes:
    """The file with another value in the last line of LORA_ADAPTERS, or with one such line more."""
    if found := list(_DECLARED.finditer(content)):
        start, end = found[-1].span()
        return content[:start] + found[-1][1] + b"=" + value + content[end:]
    newline = b"\r\n" if b"\r\n" in content else b"\n"
    gap = newline if content and not content.endswith(b"\n") else b""
    return content + gap + b"LORA_ADAPTERS=" + value + newline


def _replace(path: Path, content: bytes) -> None:
    """Write the file whole or not at all; who may read it stays."""
    with whole_file(path) as draft, draft.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
        if path.exists():
            shutil.copymode(path, draft)
