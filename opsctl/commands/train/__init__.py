"""opsctl train: from a data set to an adapter that the model server applies."""

from opsctl.terminal.lazy import lazy_group

app = lazy_group(
    __name__,
    {
        "prepare": ("prepare:prepare", "Filter a data set and hold out questions."),
        "run": ("run:run", "Train an adapter, or continue training it."),
        "plot": ("plot:plot", "Draw a run's losses from its log, and list them."),
        "compare": ("compare:compare", "Compare base and adapter on held-out rows."),
        "publish": ("publish:publish", "Show what would be published, or do it."),
        "use": ("use:use", "Let the server apply an adapter first."),
    },
    help="Fine-tune an adapter: prepare the rows, run, look at it, compare, publish, use.",
    add_completion=False,
)
