"""Documents of old Office, made new ones by LibreOffice where it is installed."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from indexer.readers import programs, waiting
from indexer.readers.page import Missing, Unreadable

# What it is told to write.
_FILTERS = {
    ".docx": "docx:MS Word 2007 XML",
    ".xlsx": "xlsx:Calc MS Excel 2007 XML",
    ".pptx": "pptx:Impress MS PowerPoint 2007 XML",
}
# No macros, nothing that links lead to; the network ends at a proxy that is not there.
_SETTINGS = (
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", 3),
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Writer/Content/Update", "Link", 0),
    ("Office.Calc/Content/Update", "Link", 2),
    ("Inet/Settings", "ooInetProxyType", 1),
    ("Inet/Settings", "ooInetNoProxy", ""),
    ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", 9),
    ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", 9),
)


@contextmanager
def converted(path: Path, suffix: str, wanted: str) -> Iterator[Path]:
    """A document as a file of the wanted kind, which is gone at the end; `suffix` is what it is.

    Raises Missing and Unreadable.
    """
    program = programs.find(*waiting.OFFICE)
    if program is None:
        raise Missing(waiting.document("LibreOffice", suffix, waiting.OFFICE_HOW))
    with tempfile.TemporaryDirectory(prefix="office-") as folder:
        given, made = Path(folder, f"given{suffix}"), Path(folder, f"given{wanted}")
        shutil.copyfile(path, given)  # beside the document it would leave a lock
        profile = _profile()
        argv = (
            program, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore",
            "--convert-to", _FILTERS[wanted], "--outdir", folder, str(given),
        )  # fmt: skip
        try:
            programs.run(argv)
        except BaseException:
            shutil.rmtree(profile, ignore_errors=True)  # it may be locked, or half written
            raise
        if not made.exists():
            raise Unreadable("damaged: LibreOffice cannot open it")
        yield made


def _profile() -> Path:
    """Of this process alone: the first conversion makes it, those that follow are faster."""
    profile = _folder()
    user = profile / "user"
    if not user.exists():
        user.mkdir(parents=True)
        items = "".join(
            f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse">'
            f"<value>{value}</value></prop></item>"
            for path, name, value in _SETTINGS
        )
        (user / "registrymodifications.xcu").write_text(
            '<?xml version="1.0" encoding="UTF-8"?><oor:items '
            f'xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>'
        )
    return profile


@cache
def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="libreoffice-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
