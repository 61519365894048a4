"""`opsctl` and `python -m opsctl`: says in words what keeps the command line from being loaded."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    try:
        from opsctl.cli import main as run

        run()
    except KeyboardInterrupt:  # before a command is there to say what was interrupted
        sys.exit(130)
    except ModuleNotFoundError as error:
        from indexer.extras import repair_command

        sys.stderr.write(f"error: the installation is not whole: {error.name} is missing\n")
        sys.stderr.write(f"hint: {repair_command()}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
