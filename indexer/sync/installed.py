"""Programs that documents wait for: which are installed by now."""

import shutil
from functools import cached_property

from indexer.readers import waiting


class Now:
    """What is installed now, which is looked at once, where a document waits."""

    def allows_more(self, reason: str) -> bool:
        """Whether more can be read of a document than when this was told of it."""
        return any(command not in self._lacking for command in waiting.commands(reason))

    @cached_property
    def _lacking(self) -> frozenset[str]:
        """What would have to be typed for the programs that are not there."""
        from indexer.readers.scan.tesseract import Tesseract

        tesseract = Tesseract.found()
        office, unpacker = (
            any(map(shutil.which, names)) for names in (waiting.OFFICE, (waiting.UNPACKER,))
        )
        return frozenset((
            waiting.advice(tesseract.languages if tesseract else None),
            "" if office else waiting.OFFICE_HOW,
            "" if unpacker else waiting.UNPACKER_HOW,
        ))  # fmt: skip
