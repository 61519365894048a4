"""`opsctl` and `python -m opsctl`: says in words what keeps the command line from being loaded."""

import signal
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    interruptible = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
    if interruptible:  # while modules are loaded, and taken down, Ctrl-C just ends the process
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from opsctl.cli import main as run

        if interruptible:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        run()
    except ModuleNotFoundError as error:
        from indexer.extras import repair_command

        sys.stderr.write(f"error: the installation is not whole: {error.name} is missing\n")
        sys.stderr.write(f"hint: {repair_command()}\n")
        sys.exit(1)
    finally:
        if interruptible:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
