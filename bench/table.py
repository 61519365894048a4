"""The benchmark's figures as plain text."""

from collections.abc import Sequence

Figures = dict[str, float]
Medians = dict[str, dict[str, Figures]]  # app, step, figure

HEAD = (
    "", "encoded", "index all files", "one file added", "in process", "cold question",
    "warm query",
)  # fmt: skip
COST = "wall s / CPU s / MB"
UNITS = ("", "texts / characters", COST, COST, "wall s / CPU s", COST, "p50 ms / p95 ms / MB")
RATIOS = (
    ("index wall", "index", "wall"),
    ("index CPU", "index", "cpu"),
    ("index MB", "index", "peak_mb"),
    ("add wall", "update", "wall"),
    ("add CPU", "update", "cpu"),
    ("in process", "update", "work_cpu_s"),
    ("cold wall", "ask", "wall"),
    ("cold CPU", "ask", "cpu"),
    ("cold MB", "ask", "peak_mb"),
    ("warm p50", "warm", "p50_ms"),
)
LEGEND = """\
MB: peak memory of the step's processes. Each step but "warm query" is a fresh process, imports
included, with the files in the page cache. "One file added" includes loading and saving the index;
"in process" is that step without the imports and, txtai and the floor apart, the model's loading.
opsctl encodes rows and sentences, the others passages of 256 tokens with 12 in common (by
cl100k). A warm query is timed with the default threads and with one; the quicker way counts.
The floor stores and finds nothing: it encodes LangChain's passages with sentence-transformers.
"""


def number(value: float | None) -> str:
    """Three digits that matter; a dash for what was not measured."""
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def align(rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width, the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        rest = zip(row[1:], widths[1:], strict=True)
        lines.append(
            "  ".join([row[0].ljust(widths[0]), *(text.rjust(w) for text, w in rest)]).rstrip()
        )
    return "\n".join(lines)


def costs(medians: Medians, names: dict[str, str]) -> str:
    """One row an app: what each step took."""
    rows: list[Sequence[str]] = [HEAD, UNITS]
    for key, name in names.items():
        steps = medians.get(key, {})
        index = steps.get("index", {})
        told = {"texts": index.get("chunks"), **index, **steps.get("encoded", {})}
        counts = (told.get(part) for part in ("texts", "characters"))
        row = [name, " / ".join("-" if each is None else f"{each:,.0f}" for each in counts)]
        update = steps.get("update", {})
        row.append(_cell(index, "wall", "cpu"))
        row.append(_cell(update, "wall", "cpu"))
        row.append(" / ".join(number(update.get(part)) for part in ("work_wall_s", "work_cpu_s")))
        row.append(_cell(steps.get("ask", {}), "wall", "cpu"))
        rows.append([*row, _cell(steps.get("warm", {}), "p50_ms", "p95_ms")])
    return align(rows)


def _cell(figures: Figures, *parts: str) -> str:
    memory = figures.get("peak_mb")
    return " / ".join(
        [*(number(figures.get(part)) for part in parts), "-" if memory is None else f"{memory:.0f}"]
    )


def ratios(medians: Medians) -> dict[str, dict[str, dict[str, float]]]:
    """How much more each other app takes than each of this project's."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for ours in (key for key in medians if key.startswith("opsctl")):
        for other in (key for key in medians if not key.startswith("opsctl")):
            pairs = {
                label: (
                    medians[other].get(step, {}).get(part),
                    medians[ours].get(step, {}).get(part),
                )
                for label, step, part in RATIOS
            }
            found.setdefault(ours, {})[other] = {
                label: theirs / own for label, (theirs, own) in pairs.items() if theirs and own
            }
    return found


def comparison(medians: Medians, names: dict[str, str]) -> str:
    """The ratios, one row for each pair."""
    rows: list[Sequence[str]] = [["times as much as", *(label for label, _, _ in RATIOS)]]
    for ours, others in ratios(medians).items():
        rows.append([names[ours] + " takes:", *[""] * len(RATIOS)])
        for other, values in others.items():
            cells = [number(values.get(label)) for label, _, _ in RATIOS]
            rows.append([f"  {names[other]}", *cells])
    return align(rows) if len(rows) > 1 else ""


def encoding(medians: Medians) -> str:
    """What of the floor's index is encoding itself; the rest is the start of Python and torch."""
    floor = medians.get("floor", {}).get("index", {})
    if "encode_cpu_s" not in floor:
        return ""
    wall, cpu = number(floor["encode_wall_s"]), number(floor["encode_cpu_s"])
    return f"Of the floor's index, encoding itself is {wall} s wall, {cpu} s CPU.\n"
