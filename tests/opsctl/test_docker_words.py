"""What Docker refuses, in our words: its texts are those of engine 20.10 with the clients 20.10 and
28.2; the NVIDIA driver's, NFS's and the warning are from what others report.
"""

import pytest

from opsctl.docker.engine import failure
from opsctl.machine.programs import Ended

DAEMON = "Error response from daemon: "
SOCKET = "unix:///var/run/docker.sock"
OCI = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start"
HOOK = f"{OCI} container process: error during container init: error running hook #0: error running"
CLI = f"{HOOK} hook: exit status 1, stdout: , stderr: nvidia-container-cli: initialization error:"
ADVICE = "\n\nRun 'docker run --help' for more information\n"
LOOKUP = "dial tcp: lookup nonsense on 192.0.2.1:53: no such host"
ROWS = {
    "engine down": (
        f"Cannot connect to the Docker daemon at {SOCKET}. Is the docker daemon running?\n",
        "the Docker engine is not running",
        "sudo systemctl start docker",
    ),
    "another socket": (
        "Cannot connect to the Docker daemon at tcp://127.0.0.1:2375. Is the docker daemon"
        " running?",
        "the Docker engine is not running at tcp://127.0.0.1:2375, where the client looks for it",
        "unset DOCKER_HOST",
    ),
    "no permission": (
        f"permission denied while trying to connect to the Docker daemon socket at {SOCKET}: Get"
        ' "http://%2Fvar%2Frun%2Fdocker.sock/v1.50/version": dial unix /var/run/docker.sock:'
        " connect: permission denied",
        "Docker is there, but this user may not use it",
        "usermod",
    ),
    "context gone, client 20.10": (
        'Current context "gone" is not found on the file system, please check your config file at'
        " /root/.docker/config.json\n",
        'a context that is not there: Current context "gone" is not found',
        "docker context use default",
    ),
    "context gone, client 28": (
        'Failed to initialize: unable to resolve docker endpoint: context "gone": context not'
        " found: open /root/.docker/contexts/meta/283b/meta.json: no such file or directory",
        "a context that is not there: Failed to initialize: unable to resolve docker endpoint:"
        ' context "gone"',
        "unset DOCKER_CONTEXT",
    ),
    "nonsense": (
        f'error during connect: Get "http://nonsense:2375/v1.24/version": {LOOKUP}',
        "the Docker client cannot reach an engine: error during connect",
        "unset DOCKER_HOST",
    ),
    "a scheme that is none": (
        "Failed to initialize: unable to resolve docker endpoint: invalid bind address format: foo://x",
        "invalid bind address format: foo://x",
        "unset DOCKER_HOST",
    ),
    "ssh": (
        'error during connect: Get "http://docker.example.com/v1.24/version": command [ssh --'
        " nohost.invalid docker system dial-stdio] has exited with exit status 255, please make"
        " sure the URL is valid, and Docker 18.09 or later is installed on the remote host:"
        " stderr=ssh: Could not resolve hostname nohost.invalid\n",
        "Could not resolve hostname nohost.invalid",
        "unset DOCKER_HOST",
    ),
    "client too new": (
        f"{DAEMON}client version 1.50 is too new. Maximum supported API version is 1.41\n",
        "does not fit the engine: client version 1.50 is too new. Maximum supported API version is",
        "docker version shows both",
    ),
    "client too old": (
        f"{DAEMON}client version 1.10 is too old. Minimum supported API version is 1.12, please"
        " upgrade your client to a newer version",
        "does not fit the engine: client version 1.10 is too old",
        "upgrade the older one",
    ),
    "no toolkit": (
        f'docker: {DAEMON}could not select device driver "" with capabilities: [[gpu]].{ADVICE}',
        "Docker has no access to the GPU: could not select device driver",
        "install nvidia-container-toolkit",
    ),
    "half a toolkit": (
        f'docker: {DAEMON}exec: "nvidia-container-runtime-hook": executable file not found in'
        " $PATH.\nSee 'docker run --help'.\n",
        "Docker has no access to the GPU",
        "install nvidia-container-toolkit",
    ),
    "the driver was updated": (
        f"docker: {DAEMON}{CLI} nvml error: driver/library version mismatch: unknown.{ADVICE}",
        "the NVIDIA driver was updated, and the old one is still loaded",
        "sudo reboot",
    ),
    "the cause on a second line": (
        f"docker: {DAEMON}{HOOK} hook: exit status 1, stdout: , stderr: Auto-detected mode as"
        f" 'legacy'\nnvidia-container-cli: device error: 3: unknown device: unknown{ADVICE}",
        "nvidia-container-cli: device error: 3: unknown device",
        "nvidia-smi",
    ),
    "a warning before": (
        "WARNING: Your kernel does not support swap limit capabilities.\nWARNING: and more\n"
        f"docker: {DAEMON}mkdir /x/overlay2/7f: no space left on device{ADVICE}",
        "the disk with Docker's data is full: mkdir /x/overlay2/7f: no space left on device",
        "docker system df",
    ),
    "a folder that is missing": (
        f'docker: {DAEMON}invalid mount config for type "bind": bind source path does not exist:'
        f" /srv/a b/var/models.\nSee 'docker run --help'.\n",
        "the folder /srv/a b/var/models is not there: is its disk mounted?",
        "findmnt",
    ),
    "a folder that root may not read": (
        f'docker: {DAEMON}invalid mount config for type "bind": stat /nfs/var: permission denied',
        "may not read a folder",
        "OPSCTL_STATE=DIR",
    ),
    "the port": (
        f"docker: {DAEMON}driver failed programming external connectivity on endpoint opsctl-tgi"
        " (1fdf): Error starting userland proxy: listen tcp4 127.0.0.1:8080: bind: address already"
        f" in use.{ADVICE}",
        "the port of the model server is taken by another program",
        "OPSCTL_SERVER_URL",
    ),
    "an image without its program": (
        f'docker: {DAEMON}{OCI} container process: exec: "/nosuch": stat /nosuch: no such file or'
        f" directory: unknown.{ADVICE}",
        "its program /nosuch does not run",
        "OPSCTL_IMAGE",
    ),
    "a program that is none": (
        f'docker: {DAEMON}{OCI} container process: exec: "/e": permission denied: unknown.{ADVICE}',
        "its program /e does not run",
        "OPSCTL_IMAGE",
    ),
    "no docker-init": (
        f'docker: {DAEMON}exec: "docker-init": executable file not found in $PATH.{ADVICE}',
        "this Docker came without docker-init",
        "tini",
    ),
    "a flag": (
        'invalid argument "a" for "--mount" flag: invalid field\n\nUsage:  docker run [OPTIONS]'
        f" IMAGE [COMMAND] [ARG...]{ADVICE}",
        'nothing starts: invalid argument "a" for "--mount" flag: invalid field',
        "journalctl",
    ),
    "nothing": ("", "nothing starts: exit code 125", "journalctl"),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_docker_refuses_is_told_with_what_helps(name: str) -> None:
    stderr, sentence, hint = ROWS[name]
    error = failure(Ended(125, "0123456789abcdef\n" if stderr else "", stderr), "nothing starts")
    assert sentence in error.message
    assert hint in error.hint
    assert "\n" not in error.message and "--help" not in error.message
