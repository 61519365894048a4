"""Prints a line a folder of what `coverage json` wrote: coverage_by_folder.py FILE."""

import json
import sys
from collections import Counter
from pathlib import Path


def main(report: str) -> None:
    lines, covered = Counter[str](), Counter[str]()
    for name, file in json.loads(Path(report).read_text())["files"].items():
        for folder in (str(Path(name).parent), "all"):
            lines[folder] += file["summary"]["num_statements"]
            covered[folder] += file["summary"]["covered_lines"]
    for folder in sorted(lines):
        share = 100 * covered[folder] / (lines[folder] or 1)
        print(f"{folder:30} {lines[folder]:6} lines {share:6.1f} %")


if __name__ == "__main__":
    main(sys.argv[1])
