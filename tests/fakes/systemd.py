"""Stand-ins for `systemctl --user` and `loginctl`: they read a unit and run it as systemd would.

`install` puts both into a folder for PATH. Their world is a folder of files: scenario.json says how
the manager is, calls.jsonl what was asked, service.json how the service is. A process of its own
(--manage) starts ExecStart with none of the caller's environment, and again when it fails.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

LINE = re.compile(r"([A-Za-z-]+)=(.*)")
KNOWN = {
    "Unit": {"Description", "StartLimitIntervalSec", "StartLimitBurst"},
    "Service": {
        "ExecStart", "WorkingDirectory", "EnvironmentFile", "Restart", "RestartSec",
        "RestartPreventExitStatus", "KillMode", "KillSignal", "TimeoutStopSec", "StandardOutput",
        "StandardError", "NoNewPrivileges", "Type", "Nice",
    },
    "Timer": {"OnActiveSec", "OnUnitInactiveSec", "AccuracySec"},
    "Install": {"WantedBy"},
}  # fmt: skip
DEAD: dict[str, Any] = {"SubState": "dead", "NRestarts": 0, "Manager": 0, "MainPID": 0}


@dataclass
class Scenario:
    """How the manager is; its clock may run faster, so that nobody waits for RestartSec."""

    manager: str = "running"  # what is-system-running says; "" where there is no bus
    linger: str = "yes"
    clock: float = 20.0


def install(folder: Path, scenario: Scenario) -> dict[str, str]:
    """Make both programs in a folder; return the environment that finds them."""
    world, programs = folder / "systemd-world", folder / "bin"
    world.mkdir(parents=True, exist_ok=True)
    programs.mkdir(exist_ok=True)
    (world / "scenario.json").write_text(json.dumps(asdict(scenario)))
    for name in ("systemctl", "loginctl"):
        words = f"exec '{sys.executable}' '{__file__}' '{world}' {name}"
        program = programs / name
        program.write_text(f'#!/bin/sh\n{words} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    return {"PATH": f"{programs}:{os.defpath}"}


def calls(folder: Path) -> list[list[str]]:
    """Every argv of both programs so far, without those that only ask."""
    path = folder / "systemd-world" / "calls.jsonl"
    lines = path.read_text().splitlines() if path.is_file() else []
    asking = ("is-system-running", "show", "show-user")
    return [argv for argv in map(json.loads, lines) if not set(asking) & set(argv)]


def service(folder: Path) -> dict[str, Any]:
    """How the service is: SubState, NRestarts, MainPID."""
    return _read(folder / "systemd-world")


def timers(folder: Path) -> list[str]:
    """The names of the timers that run."""
    return [path.stem for path in (folder / "systemd-world").glob("*.timer-active")]


def fire(folder: Path, timer: str) -> "subprocess.CompletedProcess[str]":
    """Let the time of a timer come: what its service does, as systemd would start it."""
    loaded = folder / "systemd-world" / "loaded"
    parse((loaded / f"{timer}.timer").read_text(encoding="utf-8"))
    unit = parse((loaded / f"{timer}.service").read_text(encoding="utf-8"))
    return subprocess.run(
        words_of(unit["ExecStart"]), cwd=unit["WorkingDirectory"],
        env=environment_of(unit, str(folder / "home")),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


def environment_of(unit: dict[str, str], home: str) -> dict[str, str]:
    """Nothing but what the unit says."""
    env = {"HOME": home, "PATH": os.defpath, "LANG": "C.UTF-8"}
    file = unit["EnvironmentFile"]
    place = Path(file.removeprefix("-").replace("\\", ""))
    if place.is_file() or not file.startswith("-"):
        env |= environment(place)
    return env


def parse(text: str) -> dict[str, str]:
    """The settings of a unit; one that is not known here is an error, X-… is for others."""
    section, found = "", {}
    for line in text.splitlines():
        if not line or line.startswith(("#", ";")):
            continue
        if line.startswith("["):
            section = line.strip("[]")
            continue
        name, value = LINE.fullmatch(line).groups()  # type: ignore[union-attr]
        if not name.startswith("X-"):
            assert name in KNOWN[section], f"unknown setting {name} in [{section}]"
            found[name] = value if name == "ExecStart" else value.replace("%%", "%")
    return found


def words_of(text: str) -> list[str]:
    """The words of ExecStart; quotes are C's, %% and $$ stand for one."""
    return [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(text)]


def environment(path: Path) -> dict[str, str]:
    """An EnvironmentFile as systemd reads one: values in double quotes, with its four escapes."""
    text = path.read_text(encoding="utf-8")
    found = re.findall(r'^(\w+)="((?:[^"\\]|\\.)*)"$', text, re.MULTILINE | re.DOTALL)
    return {name: re.sub(r'\\(["\\$`])', r"\1", value) for name, value in found}


class Manager:
    """The part of systemd that runs one service."""

    def __init__(self, world: Path, unit: Path) -> None:
        self.world = world
        self.unit = parse(unit.read_text(encoding="utf-8"))
        self.clock = json.loads((world / "scenario.json").read_text())["clock"]
        self.state = DEAD | {"Manager": os.getpid()}
        self.process: subprocess.Popen[bytes] | None = None
        self.ending = False
        self.begins: list[float] = []

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self.end)
        while True:
            self.process = self.start()
            self.change(SubState="running", MainPID=self.process.pid)
            if self.ending:
                self.process.terminate()
            code = self.process.wait()
            self.process = None
            if self.ending or not self.again(code):
                self.change(SubState="dead" if self.ending or code == 0 else "failed", MainPID=0)
                return
            self.change(SubState="auto-restart", MainPID=0)
            until = time.monotonic() + float(self.unit["RestartSec"]) / self.clock
            while time.monotonic() < until and not self.ending:
                time.sleep(0.02)
            if self.ending:
                self.change(SubState="dead")
                return
            self.change(NRestarts=self.state["NRestarts"] + 1)

    def start(self) -> "subprocess.Popen[bytes]":
        """Start ExecStart, as the unit says and with nothing that it does not say."""
        self.begins.append(time.monotonic() * self.clock)
        env = environment_of(self.unit, os.environ["HOME"])
        with Path(self.unit["StandardOutput"].removeprefix("append:")).open("ab") as log:
            return subprocess.Popen(
                words_of(self.unit["ExecStart"]), cwd=self.unit["WorkingDirectory"], env=env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def again(self, code: int) -> bool:
        """Tell whether Restart=on-failure and the limit of starts say so."""
        assert self.unit["Restart"] == "on-failure"
        since = time.monotonic() * self.clock - float(self.unit["StartLimitIntervalSec"])
        recent = sum(begin > since for begin in self.begins)
        prevented = self.unit["RestartPreventExitStatus"].split()
        may = recent < int(self.unit["StartLimitBurst"])
        return code not in (0, -signal.SIGTERM) and str(code) not in prevented and may

    def end(self, *_: object) -> None:
        self.ending = True
        if self.process:
            self.process.send_signal(signal.Signals[self.unit["KillSignal"]])

    def change(self, **values: Any) -> None:
        self.state |= values
        _write(self.world, self.state)


class Systemctl:
    """One call of `systemctl --user VERB`."""

    def __init__(self, world: Path) -> None:
        self.world = world
        self.scenario = Scenario(**json.loads((world / "scenario.json").read_text()))
        config = os.environ.get("XDG_CONFIG_HOME") or os.environ["HOME"] + "/.config"
        self.units = Path(config) / "systemd" / "user"

    def call(self, argv: list[str]) -> None:
        assert argv[0] == "--user", argv
        if not self.scenario.manager:
            fail("Failed to connect to bus: No medium found")
        verb, *rest = argv[1:]
        getattr(self, verb.replace("-", "_"))(rest)

    def is_system_running(self, rest: list[str]) -> None:
        sys.stdout.write(self.scenario.manager + "\n")
        raise SystemExit(0 if self.scenario.manager == "running" else 1)

    def daemon_reload(self, rest: list[str]) -> None:
        loaded = self.world / "loaded"
        loaded.mkdir(exist_ok=True)
        for path in loaded.iterdir():
            path.unlink()
        for path in (*self.units.glob("*.service"), *self.units.glob("*.timer")):
            (loaded / path.name).write_text(path.read_text())

    def wants(self, name: str) -> Path:
        target = "timers" if name.endswith(".timer") else "default"
        return self.units / f"{target}.target.wants"

    def enable(self, rest: list[str]) -> None:
        wants = self.wants(rest[0])
        wants.mkdir(exist_ok=True)
        (wants / rest[0]).unlink(missing_ok=True)
        (wants / rest[0]).symlink_to(self.units / rest[0])

    def disable(self, rest: list[str]) -> None:
        if "--now" in rest:
            self.stop(rest)
        if not (self.units / rest[-1]).is_file():
            fail(f"Failed to disable unit: Unit file {rest[-1]} does not exist.")
        (self.wants(rest[-1]) / rest[-1]).unlink(missing_ok=True)

    def reset_failed(self, rest: list[str]) -> None:
        if _read(self.world)["SubState"] not in ("dead", "failed"):
            return
        _write(self.world, DEAD)

    def restart(self, rest: list[str]) -> None:
        self.stop(rest)
        unit = self.world / "loaded" / rest[0]
        if not unit.is_file():
            fail(f"Failed to restart {rest[0]}: Unit {rest[0]} not found.", 5)
        if unit.suffix == ".timer":
            (self.world / f"{unit.name}-active").touch()
            return
        _write(self.world, DEAD)
        subprocess.Popen(
            [sys.executable, __file__, str(self.world), "--manage", str(unit)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={"HOME": os.environ["HOME"]}, start_new_session=True,
        )  # fmt: skip
        while _read(self.world)["Manager"] == 0:
            time.sleep(0.02)

    def stop(self, rest: list[str]) -> None:
        if rest[-1].endswith(".timer"):
            (self.world / f"{rest[-1]}-active").unlink(missing_ok=True)
            return
        while _read(self.world)["SubState"] not in ("dead", "failed"):
            os.kill(_read(self.world)["Manager"], signal.SIGTERM)
            time.sleep(0.05)

    def show(self, rest: list[str]) -> None:
        names = rest[1].removeprefix("--property=").split(",")
        state = _read(self.world)
        sys.stdout.write("".join(f"{name}={state[name]}\n" for name in names))


def loginctl(world: Path, argv: list[str]) -> None:
    """`loginctl show-user UID --property=Linger`."""
    assert argv == ["show-user", str(os.getuid()), "--property=Linger"], argv
    scenario = json.loads((world / "scenario.json").read_text())
    sys.stdout.write(f"Linger={scenario['linger']}\n")


def fail(text: str, code: int = 1) -> None:
    sys.stderr.write(text + "\n")
    raise SystemExit(code)


def _read(world: Path) -> dict[str, Any]:
    path = world / "service.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else DEAD
    return found


def _write(world: Path, state: dict[str, Any]) -> None:
    draft = world / f"service.{os.getpid()}"
    draft.write_text(json.dumps(state))
    draft.replace(world / "service.json")


def main(place: str, name: str, *argv: str) -> None:
    world = Path(place)
    if name == "--manage":
        Manager(world, Path(argv[0])).run()
        return
    with (world / "calls.jsonl").open("a") as file:
        file.write(json.dumps([name, *argv]) + "\n")
    if name == "loginctl":
        loginctl(world, list(argv))
    else:
        Systemctl(world).call(list(argv))


if __name__ == "__main__":
    main(*sys.argv[1:])
