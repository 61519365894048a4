"""`opsctl` and `python -m opsctl`: says in words what keeps the command line from being loaded."""

# What `signal` wraps: that takes milliseconds to load, in which Ctrl-C would print a traceback.
import _signal  # type: ignore[import-not-found]
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    interruptible = _signal.getsignal(_signal.SIGINT) != _signal.SIG_IGN
    if interruptible:  # while modules are loaded, and taken down, Ctrl-C just ends the process
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    try:
        from opsctl.cli import main as run

        if interruptible:
            _signal.signal(_signal.SIGINT, _signal.default_int_handler)
        run()
    except ModuleNotFoundError as error:
        from core.extras import repair_command

        sys.stderr.write(f"error: the installation is not complete: {error.name} is missing\n")
        sys.stderr.write(f"hint: {repair_command()}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        if interruptible:
            _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


if __name__ == "__main__":
    main()
