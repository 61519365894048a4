"""The few of TGI's metrics that say how a server is doing, in Prometheus' text format."""

from collections import defaultdict

GAUGES = ("tgi_queue_size", "tgi_batch_current_size")


class Metrics:
    """Counters and gauges; as in TGI, one that nothing happened to is not shown."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, int]] = defaultdict(dict)

    def add(self, name: str, amount: int = 1, err: str = "") -> None:
        """Add to a counter or gauge; `err` is the label that a failure is counted under."""
        labels = f'{{err="{err}"}}' if err else ""
        self._values[name][labels] = self._values[name].get(labels, 0) + amount

    def text(self) -> str:
        """The body of /metrics."""
        lines = []
        for name, values in self._values.items():
            lines.append(f"# TYPE {name} {'gauge' if name in GAUGES else 'counter'}")
            lines += [f"{name}{labels} {value}" for labels, value in values.items()]
        return "".join(line + "\n" for line in lines)
