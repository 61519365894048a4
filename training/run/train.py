"""A QLoRA run with the plain Trainer of transformers: goes on after a kill.

On a CPU to the very bytes; on a GPU up to the rounding of its kernels.
"""

import errno
import shutil
from pathlib import Path
from typing import Any

import torch
import transformers
from peft import LoraConfig, get_peft_model
from transformers import Trainer, TrainingArguments

from core.errors import UserError
from training.model.adapter_files import TARGET
from training.model.base import choose_dtype, load_base
from training.model.encode import IGNORED
from training.model.loss import answer_loss
from training.run import checkpoints
from training.run.callbacks import Halt, Record, Tell
from training.run.estimate import Pace, measure
from training.run.options import Options
from training.run.plan import Plan

WARM_UP = 0.03  # of the steps, with a linear decay to 0 after them
_hf: Any = transformers  # parts of it have no types


def add_adapter(model: Any, options: Options) -> Any:
    """Wrap a frozen model with a new adapter, float32, whose B is 0, made from the seed."""
    _hf.set_seed(options.seed)
    model.config.use_cache = False
    if options.device != "cpu":
        model.gradient_checkpointing_enable({"use_reentrant": False})
    config = LoraConfig(
        r=options.rank,
        lora_alpha=options.alpha,
        lora_dropout=options.dropout,
        target_modules=[TARGET],
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config).train()


def make_collate(tokenizer: Any) -> Any:
    """Fill a micro-batch up: ids with the unknown token, labels with what has no loss."""
    return _hf.DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=IGNORED)


def make_trainer(model: Any, collate: Any, plan: Plan) -> "AnswerTrainer":
    """The trainer of a run, which makes its folder."""
    trainer: AnswerTrainer = AnswerTrainer(
        model,
        _arguments(plan),
        data_collator=collate,
        train_dataset=plan.train,
        eval_dataset=plan.held_out,
    )
    trainer.remove_callback(_hf.PrinterCallback)  # type: ignore[no-untyped-call]
    return trainer


def _arguments(plan: Plan) -> TrainingArguments:
    """Gradients are scaled where the device has no bfloat16."""
    options, every = plan.options, plan.options.every(len(plan.train))
    arguments = TrainingArguments(
        output_dir=str(plan.run.checkpoints),
        num_train_epochs=options.epochs,
        per_device_train_batch_size=options.batch,
        per_device_eval_batch_size=options.batch,
        gradient_accumulation_steps=options.accumulate,
        learning_rate=options.lr,
        lr_scheduler_type="linear",
        warmup_steps=int(WARM_UP * plan.steps),  # rounded up, it would be all of a single step
        seed=options.seed,
        fp16=choose_dtype(options.device) == torch.float16,
        use_cpu=options.device == "cpu",
        logging_steps=1,
        logging_nan_inf_filter=False,
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=3,  # the best and the two newest
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_pin_memory=options.device != "cpu",
        disable_tqdm=True,
        report_to="none",
    )
    arguments._n_gpu = min(arguments.n_gpu, 1)  # with more it would split each micro-batch
    return arguments


def build(plan: Plan) -> tuple[Any, Any]:
    """Load the base, put a new adapter on it; returns the model and what fills batches up."""
    model, tokenizer = load_base(plan.base.folder, plan.options.base, plan.options.device)
    return add_adapter(model, plan.options), make_collate(tokenizer)


def measured(model: Any, collate: Any, plan: Plan) -> Pace:
    """The pace of the device, by a few micro-batches. UserError when they do not fit."""
    try:
        return measure(model, collate, plan.train, plan.options)
    except torch.OutOfMemoryError as error:
        raise no_memory(plan.options) from error


def train(model: Any, collate: Any, plan: Plan, tell: Tell) -> bool:
    """Run to the end or to an early stop; False: interrupted, and saved after the last step.

    Raises UserError with what stopped it, and KeyboardInterrupt when nothing could be saved.
    """
    run, options, resume = plan.run, plan.options, plan.resume
    trainer = make_trainer(model, collate, plan)
    run.forget_after(checkpoints.step_of(resume) if resume else -1)
    checkpoints.remove_incomplete(run.checkpoints)
    record, halt = Record(run, tell), Halt(options.patience)
    for callback in (record, halt):
        trainer.add_callback(callback)  # type: ignore[no-untyped-call]
    with halt.signals():
        try:
            if resume is None:  # B is 0 still: this is the base
                record.add(0, 0.0, "eval_loss", trainer.held_out_loss())
            _hf.set_seed(options.seed)
            trainer.train(resume_from_checkpoint=str(resume) if resume else None)
        except torch.OutOfMemoryError as error:
            raise no_memory(options) from error
        except OSError as error:
            raise not_saved(run.folder, error) from error
    return trainer.is_over()


class AnswerTrainer(Trainer):
    """A Trainer whose evaluation is the loss of a token of the answers, and whose saves end whole.

    The Trainer's own evaluation averages batches, whatever the number of tokens in each.
    """

    def is_over(self) -> bool:
        """Whether there is nothing left to do."""
        halt = next(c for c in self.callback_handler.callbacks if isinstance(c, Halt))
        state = {"global_step": self.state.global_step, "log_history": self.state.log_history}
        return checkpoints.is_over(state, self.state.max_steps, halt.patience)

    def training_step(self, model: Any, inputs: Any, *rest: Any, **named: Any) -> torch.Tensor:
        self.state.num_input_tokens_seen += int(inputs["attention_mask"].sum())
        loss: torch.Tensor = super().training_step(model, inputs, *rest, **named)
        return loss

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        metrics = {"eval_loss": self.held_out_loss()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def held_out_loss(self) -> float:
        """The loss of a token of the held-out answers, as the model is now."""
        model: Any = self.model
        was_training = model.training
        model.eval()
        losses, tokens = zip(*(answer_loss(model, b) for b in self._eval_batches()), strict=True)
        model.train(was_training)
        return float(sum(losses) / sum(tokens))

    def _eval_batches(self) -> Any:
        samples: Any = self.eval_dataset
        size = self.args.per_device_eval_batch_size
        for start in range(0, len(samples), size):
            rows = [samples[n] for n in range(start, min(start + size, len(samples)))]
            batch: Any = self.data_collator(rows)
            yield {name: tensor.to(self.args.device) for name, tensor in batch.items()}

    def _rotate_checkpoints(self, use_mtime: bool = False, output_dir: Any = None) -> None:
        # By number: the times of two that are saved within a second can be the same.
        super()._rotate_checkpoints(use_mtime=False, output_dir=output_dir)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        folder = Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
        try:
            super()._save_checkpoint(model, trial)  # type: ignore[no-untyped-call]
            checkpoints.mark_complete(folder)
        except Exception as error:  # torch and safetensors raise their own for a full disk
            shutil.rmtree(folder, ignore_errors=True)
            raise not_saved(folder, error) from error


def no_memory(options: Options) -> UserError:
    """The GPU is too small for the micro-batch."""
    batch, accumulate = max(1, options.batch // 2), options.accumulate * 2
    return UserError(
        f"no memory on the GPU for {options.batch} rows of up to {options.length} tokens at a time",
        f"the same step in smaller parts: --batch {batch} --accumulate {accumulate}",
    )


def not_saved(path: Path, error: Exception) -> UserError:
    """The disk does not take what the run writes."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    full = full or shutil.disk_usage(path.parent).free < 1_000_000
    reason = "no room is left" if full else " ".join(str(error).split())[:200]
    hint = "free some space (df -h shows it) and run the same command again: it continues"
    return UserError(f"{path} cannot be written: {reason}", hint)
