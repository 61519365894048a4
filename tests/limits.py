"""What a program may not do: named functions, which a fork server can call in its child."""

import ctypes
import resource

LIBC = ctypes.CDLL(None)
PR_CAPBSET_DROP = 24
ALL_ACCESS = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


def limit_file_size(size: int) -> None:
    """No file of this process grows beyond a size."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def without_root_rights() -> None:
    """Give up root's right to read and write everything, here and in programs that are started."""
    for capability in ALL_ACCESS:
        if LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
            raise OSError("prctl")
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable, twice 32 bits
    LIBC.capget(header, sets)
    for place in range(3):
        sets[place] &= ~sum(1 << capability for capability in ALL_ACCESS)
    if LIBC.capset(header, sets):
        raise OSError("capset")
