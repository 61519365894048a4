"""Takes secrets out of text that is shown or kept: known ones, and whatever looks like one."""

import json
import re
from collections.abc import Iterable

MARK = "[redacted]"
GAP = r"(?:\s|\\n)*"  # in JSON the ends of lines are written as \n
BARE = r"[^\s\"'\\,;)}\]]+"  # a value as far as it goes, without its quotes
NAMES = r"API_KEY|NGROK_AUTHTOKEN|HF_TOKEN|HF_API_TOKEN|HUGGING_?FACE_HUB_TOKEN|TELEGRAM_TOKEN"
PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf'((?:{NAMES})\W{{0,3}}\s*Some\({GAP}\\*")[^"\\]*',  # TGI logs its arguments like this
        rf"((?:{NAMES})\\*[\"']?\s*[=:]\s*\\*[\"']?)(?!Some\(|None\b|null\b){BARE}",
        rf"(--(?:api-key|ngrok-authtoken)(?:=|\W+)){BARE}",
        rf"((?:Bearer|Basic)\s+){BARE}",
        r"(://[^/\s:@]+:)[^@\s/]+(?=@)",  # the password of an address
        r"()(?<![A-Za-z0-9])hf_[A-Za-z0-9]{16,}",
        r"()(?<!\d)\d{6,}:[A-Za-z0-9_-]{30,}",  # Telegram's
    )
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text with every secret replaced, and nothing else changed.

    A value that stands in a line of its own, away from its name, is found by `secrets` only.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for form in (
            secret,
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
        ):
            text = text.replace(form, MARK)
    for pattern in PATTERNS:
        text = pattern.sub(rf"\g<1>{MARK}", text)
    return text
