"""The model card of a published adapter: what it is, what it was made of, how to serve it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Rows = Sequence[Sequence[object]]

LANGUAGE = "ru"  # of the prompt and of the rows
SETTINGS = {  # of settings.json, in the words of the field
    "base": "form of the base",
    "rank": "rank",
    "alpha": "alpha",
    "dropout": "dropout",
    "lr": "learning rate",
    "batch": "batch",
    "accumulate": "gradient accumulation",
    "length": "most tokens of a sample",
    "epochs": "most epochs",
    "patience": "evaluations without a better one, then stop",
    "limit": "limit of rows",
    "seed": "seed",
}
RESULTS = {  # of manifest.json
    "device": "device",
    "dtype": "type of the computation",
    "steps": "steps",
    "seconds": "seconds",
    "base_sha256": "sha256 of the base's files",
    "adapter_sha256": "sha256 of adapter_model.safetensors",
}
COMPARED = {  # of compare.json
    "loss": "loss per token of the held-out answers",
    "perplexity": "perplexity",
    "answer_tokens": "tokens in an answer, mean",
    "answer_characters": "characters in an answer, mean",
    "same_language": "answers in the language of the question, share",
    "stopped": "answers that end by themselves, share",
}


@dataclass(frozen=True)
class Facts:
    """What a card tells; `template` is the prompt as it is served.

    `manifest` and `events`, its log, are the run's; `report` is of the preparation, `comparison`
    is compare.json.
    """

    name: str
    repo: str
    license: str
    template: str
    manifest: Mapping[str, Any]
    report: Mapping[str, Any] | None
    events: Sequence[Mapping[str, Any]]
    comparison: Mapping[str, Any] | None

    @property
    def base(self) -> str:
        """The base's name on the Hub, where its folder was downloaded from there."""
        return str(self.manifest["base"]).replace("--", "/", 1)


def model_card(facts: Facts) -> str:
    """README.md, front matter and text."""
    sections = [_front_matter(facts), _intro(facts), _prompt(facts), _data(facts)]
    sections += [_settings(facts), _curve(facts), _comparison(facts), _serving(facts), _limits()]
    return "\n\n".join(section for section in sections if section) + "\n"


def _front_matter(facts: Facts) -> str:
    lines = ["library_name: peft", f"license: {facts.license}", "pipeline_tag: text-generation"]
    if "/" in facts.base:
        lines = [f"base_model: {facts.base}", "base_model_relation: adapter", *lines]
    lines += ["language:", f"- {LANGUAGE}", "tags:", "- lora", "- qlora", "- question-answering"]
    source = (facts.report or {}).get("source", {})
    if "repo" in source:
        lines += ["datasets:", f"- {source['repo']}"]
    return "\n".join(["---", *lines, "---"])


def _intro(facts: Facts) -> str:
    return (
        f"# {facts.repo.rpartition('/')[2]}\n\n"
        f"A LoRA adapter of the query projections of `{facts.base}`, which answers questions in"
        " Russian from passages in the prompt. It was trained by `opsctl train run` and"
        " is read by peft and by Text Generation Inference."
    )


def _prompt(facts: Facts) -> str:
    return (
        "## Prompt\n\n"
        "The very text of the training; the tokenizer puts one `<s>` in front, and the model ends"
        " its answer with `</s>`. Without passages the lines of the passage are left out.\n\n"
        f"```text\n{facts.template}\n```"
    )


def _data(facts: Facts) -> str:
    if facts.report is None:
        return ""
    report, source = facts.report, facts.report["source"]
    name, at = source.get("repo"), str(source.get("commit", ""))[:12]
    told = f"[{name}](https://huggingface.co/datasets/{name}) at `{at}`" if name else "Own files"
    halves = [
        (half, report[half]["rows"], report[half]["questions"], report[half]["sha256"])
        for half in ("train", "eval")
    ]
    rules = [(rule["rule"], rule["removed"], rule["changed"]) for rule in report["rules"]]
    return "\n\n".join(
        (
            "## Data",
            f"{told}: {report['rows']} rows, of which {report['kept']} were kept."
            f" Questions that are in both halves: {report['questions_in_both']}.",
            _table(("rule", "rows removed", "rows changed"), rules),
            _table(("half", "rows", "questions", "sha256"), halves),
        )
    )


def _settings(facts: Facts) -> str:
    manifest, asked = facts.manifest, facts.manifest["settings"]
    pairs = [(title, asked[key]) for key, title in SETTINGS.items() if asked.get(key) is not None]
    pairs += [(title, manifest[key]) for key, title in RESULTS.items()]
    pairs += list(manifest["versions"].items())
    return (
        "## Training\n\nQLoRA: the base is frozen. The loss is that of the answer alone, its end"
        f" among it; the optimizer is AdamW.\n\n{_table(('', 'value'), pairs)}"
    )


def _curve(facts: Facts) -> str:
    pairs = list(_curve_figures(facts.events))
    return f"## Curve\n\n![loss](loss.png)\n\n{_table(('', 'value'), pairs)}" if pairs else ""


def _curve_figures(events: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, object]]:
    trained = [event for event in events if "loss" in event]
    held_out = [event for event in events if "eval_loss" in event]
    if trained:
        yield "epochs", f"{trained[-1]['epoch']:.2f}"
        yield "loss, first step", f"{trained[0]['loss']:.3f}"
        yield "loss, last step", f"{trained[-1]['loss']:.3f}"
    if held_out:
        best = min(held_out, key=lambda event: float(event["eval_loss"]))
        yield "held-out loss, first", f"{held_out[0]['eval_loss']:.3f}"
        yield f"held-out loss, best (step {best['step']}, this adapter)", f"{best['eval_loss']:.3f}"


def _comparison(facts: Facts) -> str:
    found = facts.comparison
    if found is None:
        return ""
    sides = ("base", "adapter", "reference")
    rows = [
        (title, *(_number(found[side][key]) for side in sides)) for key, title in COMPARED.items()
    ]
    return (
        f"## Base and adapter\n\n{found['rows']} held-out questions, answered greedily with at most"
        f" {found['tokens']} tokens; {found['identical']:.0%} of the answers are the same.\n\n"
        + _table(("", "base", "adapter", "held-out answers"), rows)
    )


def _serving(facts: Facts) -> str:
    return f"""## Serving

With opsctl:

```
hf download {facts.repo} --local-dir var/adapters/{facts.name}
opsctl train use {facts.name}
opsctl restart && opsctl verify
```

With Text Generation Inference alone, beside `MODEL_ID` of the base:

```
LORA_ADAPTERS={facts.name}=/data/adapters/{facts.name}
CUDA_GRAPHS=0
PREFIX_CACHING=0
```

A request names it: `"adapter_id": "{facts.name}"` in `parameters`. A name that the server does not
know is answered by the base model without a word."""


def _limits() -> str:
    return """## Limits

- Nobody checked the answers that it learned from: they may be wrong, or out of date.
- In training the passage was what the asker had added to the question, not a document that was
  found: the adapter learned the form of the answer, and little about keeping to a source.
- Only the query projections were trained. What the base does not know, it makes up as before."""


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}".rstrip("0").rstrip(".")


def _table(head: Sequence[str], rows: Rows) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
