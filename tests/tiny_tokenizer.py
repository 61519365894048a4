"""A tokenizer of a few hundred tokens for tiny models, of the kind that Mistral has.

BPE over characters, a space as "▁", single bytes for what is not in the vocabulary, [INST] chats.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# The rules of Mistral-7B-Instruct-v0.2: BOS once, </s> after every answer, roles in turn.
CHAT_TEMPLATE = """\
{{- bos_token -}}
{%- for message in messages -%}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
{{- raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') -}}
{%- endif -%}
{%- if message['role'] == 'user' -%}
{{- '[INST] ' + message['content'] + ' [/INST]' -}}
{%- elif message['role'] == 'assistant' -%}
{{- message['content'] + eos_token -}}
{%- else -%}
{{- raise_exception('Only user and assistant roles are supported!') -}}
{%- endif -%}
{%- endfor -%}
"""
TEXTS = (
    "вы помощник, который отвечает на вопросы по документам и называет источник.",
    "дополнительная информация: срок действия паспорта указан на странице три.",
    "сообщение пользователя: что делать, если потерялся паспорт? куда обратиться за новым?",
    "the assistant answers questions about the documents and names the file and the page.",
    "[INST] [/INST]",
)
# Letters that no word of TEXTS has: as tokens they join with no other, so that any row of them is
# cut into the same tokens again.
LONE = "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЫЭЮЯ0123456789"
OTHERS = "ABCDEFGHJKLMOPQRUVWXYZабвгдеёжзийклмнопрстуфхцчшщъыьэюяbcjkxz.,:;!?()-—«»\"'\n"
SPECIAL = ("<unk>", "<s>", "</s>")


def make_tokenizer(
    folder: Path, vocabulary: int = 600, texts: Sequence[str] = TEXTS
) -> tuple[int, list[int]]:
    """Write a tokenizer of at most `vocabulary` tokens; returns how many, and the ids of LONE."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    hf: Any = transformers  # parts of it have no types
    vocab, merges = _learn(vocabulary, texts)
    words = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", byte_fallback=True))
    words.add_special_tokens(list(SPECIAL))
    words.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    words.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(content=" ", left=1),
        ]
    )
    words.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", vocab["<s>"])]
    )
    tokenizer = hf.PreTrainedTokenizerFast(
        tokenizer_object=words,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=32768,
        clean_up_tokenization_spaces=False,
        # Without this generate() is handed token_type_ids, which Mistral does not take.
        model_input_names=["input_ids", "attention_mask"],
        chat_template=CHAT_TEMPLATE,
    )
    tokenizer.save_pretrained(folder)
    return len(tokenizer), [vocab[letter] for letter in LONE]


def _learn(vocabulary: int, texts: Sequence[str]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Tokens and merges for the texts, the bytes behind the special tokens as in Mistral."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    size = vocabulary - len(SPECIAL) - 256
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=[*LONE, *OTHERS], show_progress=False
    )
    words.train_from_iterator(texts, trainer)
    learned = json.loads(words.to_str())["model"]
    names = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), *learned["vocab"]]
    merges = [(left, right) for left, right in learned["merges"]]
    return {name: number for number, name in enumerate(names)}, merges
