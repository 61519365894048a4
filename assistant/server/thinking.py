"""The answer in what a model writes: its thinking, and the marks of its template, taken out."""

import re

_OPEN = r"(?<!`)(?:<think>|<thinking>|<reasoning>|\[THINK\])"
_CLOSE = r"(?<!`)(?:</think>|</thinking>|</reasoning>|\[/THINK\])"
_THOUGHT = re.compile(rf"{_OPEN}.*?(?:{_CLOSE}\s*|\Z)", re.DOTALL)
# Where the template of the model has put the opening mark into the prompt, only this one comes.
_THOUGHT_BEFORE = re.compile(rf"\A.*?{_CLOSE}\s*", re.DOTALL)
# Channels of the harmony format, of which one is for people.
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>")
_FOR_PEOPLE = "final"
# What ends a turn in the templates of models; servers that skip no special tokens send it.
_END = re.compile(
    r"<\|(?:im_end|im_start|eot_id|eom_id|end|return|call|endoftext|end_of_text|start|user|assistant)\|>"
    r"|</s>|<eos>|<end_of_turn>|<start_of_turn>|\[/?INST\]"
)
_BEGUN = re.compile(r"[<\[][^>\]\s]{0,24}\Z")  # perhaps a mark, of which the rest is to come


def answer_of(written: str, *, is_whole: bool = True) -> str:
    """What of the text written so far is for people; a mark that may be half there is held back."""
    if "<" not in written and "[" not in written:
        return written
    if "<|channel|>" in written or (not is_whole and _begins_channel(written)):
        text = _for_people(written)
    else:
        text = _THOUGHT_BEFORE.sub("", _THOUGHT.sub("", written))
    text = _END.split(text, maxsplit=1)[0]
    return text if is_whole else _BEGUN.sub("", text)


def _begins_channel(written: str) -> bool:
    start = written.lstrip()
    return start.startswith("<|") and "<|channel|>".startswith(start[: len("<|channel|>")])


def _for_people(written: str) -> str:
    """What stands in the channel for people; nothing while it has not begun."""
    pieces = _CHANNEL.split(written)
    names, texts = pieces[1::2], pieces[2::2]
    found = [text for name, text in zip(names, texts, strict=True) if name == _FOR_PEOPLE]
    return found[-1] if found else ""
