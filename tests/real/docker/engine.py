"""A real Docker engine in the box that this process is in; it ends with the box."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.real.box import CGROUP
from tests.real.parts import MissingPartError, unpacked

# Newer releases have the client in a package of its own. The libraries are not on every machine.
ENGINE = (
    "docker.io", "docker-cli", "containerd", "runc", "tini", "libdevmapper1.02.1", "libseccomp2",
)  # fmt: skip
SOCKET = "unix:///run/docker.sock"
HOME = Path("/run/engine")
HOOKS = HOME / "hooks"
HOOK = "nvidia-container-runtime-hook"
# Docker takes --gpus where it finds the hook of NVIDIA's toolkit, and runs it for the container.
HOOK_SCRIPTS = {
    HOOK: "#!/bin/sh\ncat > /dev/null\n",
    "nvidia-container-runtime": '#!/bin/sh\nexec runc "$@"\n',
}
START_SECONDS = 60


class Engine:
    """The engine, and what its clients need; `programs` are the unpacked packages."""

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        self.daemon: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers. Raises MissingPartError."""
        log = HOME / "dockerd.log"
        with log.open("ab") as file:
            self.daemon = subprocess.Popen(
                _command(self), env=_environment(self), start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip
        if not _is_up(self, self.daemon):
            raise MissingPartError(f"dockerd: {log.read_text().splitlines()[-1]}")

    def stop(self) -> None:
        """End it as a shutdown of the machine does: it stops the containers first."""
        assert self.daemon
        self.daemon.terminate()
        self.daemon.wait()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Let it take connections and answer nothing."""
        assert self.daemon
        self.daemon.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.daemon.send_signal(signal.SIGCONT)

    @contextmanager
    def hook(self, script: str) -> Iterator[None]:
        """Let another script be what NVIDIA's toolkit runs for a container; none where empty."""
        path = HOOKS / HOOK
        path.write_text(script) if script else path.unlink()
        try:
            yield
        finally:
            _install_hooks()

    @property
    def env(self) -> dict[str, str]:
        """The variables by which a command finds the client, and the client the engine."""
        return {"PATH": f"{self.programs / 'usr/bin'}:{os.defpath}", "DOCKER_HOST": SOCKET}

    def docker(self, *args: str) -> str:
        """What `docker args`, which must succeed, prints."""
        argv = [str(self.programs / "usr/bin/docker"), *args]
        done = subprocess.run(argv, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done
        return done.stdout.strip()

    def containers(self) -> list[str]:
        """The whole ids of all containers, running or not."""
        return self.docker("ps", "--all", "--quiet", "--no-trunc").split()

    def clear(self) -> None:
        """Leave no container."""
        for container in self.containers():
            self.docker("rm", "--force", container)


@contextmanager
def running() -> Iterator[Engine]:
    """Run the engine until the end of the block. Raises MissingPartError."""
    engine = Engine(unpacked(ENGINE))
    _install_hooks()
    try:
        engine.start()
        yield engine
    finally:
        if engine.daemon:
            engine.daemon.kill()  # its children and mounts end with the box
            engine.daemon.wait()


def _install_hooks() -> None:
    HOOKS.mkdir(parents=True, exist_ok=True)
    for name, script in HOOK_SCRIPTS.items():
        (HOOKS / name).write_text(script)
        (HOOKS / name).chmod(0o755)


def _command(engine: Engine) -> list[str]:
    return [
        str(engine.programs / "usr/sbin/dockerd"), "--host", SOCKET,
        "--data-root", str(HOME / "data"), "--exec-root", str(HOME / "exec"),
        "--pidfile", str(HOME / "pid"), "--cgroup-parent", f"/{CGROUP}",
        "--exec-opt", "native.cgroupdriver=cgroupfs",
        "--add-runtime", f"nvidia={HOOKS / 'nvidia-container-runtime'}",
        # The box has its network to itself, so any address will do; and it has no iptables.
        "--bip", "198.18.99.1/24", "--iptables=false", "--ip6tables=false", "--ip-masq=false",
    ]  # fmt: skip


def _environment(engine: Engine) -> dict[str, str]:
    root = engine.programs
    programs = (HOOKS, root / "usr/sbin", root / "usr/bin", "/usr/sbin", "/usr/bin", "/sbin")
    libraries = sorted({path.parent for path in root.rglob("*.so.*")})
    return {
        "PATH": ":".join(map(str, programs)),
        "HOME": str(HOME),
        "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
    }


def _is_up(engine: Engine, daemon: "subprocess.Popen[bytes]") -> bool:
    """Wait until it answers; False when it ends, or takes too long."""
    argv = [str(engine.programs / "usr/bin/docker"), "version"]
    until = time.monotonic() + START_SECONDS
    while daemon.poll() is None and time.monotonic() < until:
        if subprocess.run(argv, env=engine.env, capture_output=True).returncode == 0:
            return True
        time.sleep(0.1)
    return False
