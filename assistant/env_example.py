"""The text of .env.example, with which `opsctl init` begins an .env; written by `make readme`."""

import dataclasses

from core.settings import PREFIX, Settings

FILE = ".env.example"
HEAD = """\
# Настройки opsctl. Уберите «#» перед нужной строкой и впишите своё значение.
# ИМЯ=значение; комментарий — только после закрытой кавычки. Все настройки: opsctl doctor --settings
# The settings of opsctl. Take the # off a line that you need, and write your own value.
# NAME=value; a comment after it only behind a closing quote. All settings: opsctl doctor --settings
"""
# What a newcomer sets, with a value of the right form.
VALUES = {
    "telegram_token": "123456789:AAE-here-is-the-rest-of-the-token",
    "admins": "123456789",
    "allowed_users": "123456789,987654321",
    "telegram_proxy": "socks5://name:password@proxy.example.org:1080",
    "documents": "/mnt/share/documents",
    "reindex_every": "15m",
    "contact": "Петров, вн. 400",
    "server_url": "http://127.0.0.1:8080",
    "server_api": "openai",
    "hf_endpoint": "https://huggingface.co",
}


def example() -> str:
    """Each setting in Russian and English, none of them in force."""
    told = {item.name: item.metadata for item in dataclasses.fields(Settings)}
    parts = []
    for name, value in VALUES.items():
        parts += [f"\n# {told[name][language]}" for language in ("help_ru", "help")]
        parts.append(f"\n#{PREFIX}{name.upper()}={value}\n")
    return HEAD + "".join(parts)
