/* A stand-in for NVIDIA's management library: what nvidia-ml-py calls, with GPUs of one's choice.
 *
 * FAKE_NVML        ok (default), nodriver, nogpu, mismatch, or unsupported: cards and a driver
 *                  that tell their names and nothing more
 * FAKE_NVML_MIB    total memory of each GPU, such as "24576,8192"; of it 512 MiB are reserved
 * FAKE_NVML_USED   memory in use of each GPU in MiB
 * FAKE_NVML_CAP    compute capability of each GPU, such as "8.6,7.5"
 * FAKE_NVML_PIDS   programs on the first GPU, such as "1234:6000,99:-" (pid : MiB or untold)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, INVALID = 2, UNSUPPORTED = 3, TOO_SMALL = 7, NO_DRIVER = 9, MISMATCH = 18 };
#define MIB (1ull << 20)
#define RESERVED (512 * MIB)
#define UNTOLD (~0ull)
#define LONGEST 32

typedef struct device *device;
typedef struct { unsigned long long total, free, used; } memory_v1;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } memory_v2;
typedef struct { unsigned pid; unsigned long long used; unsigned instance, compute; } program;

static const char *setting(const char *name, const char *fallback)
{
    const char *value = getenv(name);
    return value ? value : fallback;
}

static int is(const char *mode) { return !strcmp(setting("FAKE_NVML", "ok"), mode); }

/* The n-th of some words between commas, or NULL. */
static const char *word(const char *list, int n)
{
    while (n-- && list)
        if ((list = strchr(list, ',')))
            list++;
    return list && *list ? list : NULL;
}

static int number_of(device d) { return (int)(long)d - 1; }

static unsigned long long mebibytes(const char *list, device d)
{
    const char *text = word(list, number_of(d));
    return text ? strtoull(text, NULL, 10) * MIB : 0;
}

static unsigned long long total(device d) { return mebibytes(setting("FAKE_NVML_MIB", "24576,24576"), d); }
static unsigned long long used(device d) { return mebibytes(setting("FAKE_NVML_USED", "0,0"), d); }

int nvmlInitWithFlags(unsigned flags)
{
    (void)flags;
    return is("nodriver") ? NO_DRIVER : is("mismatch") ? MISMATCH : OK;
}

int nvmlShutdown(void) { return OK; }

const char *nvmlErrorString(int code)
{
    return code == UNSUPPORTED ? "Not Supported" : code == NO_DRIVER ? "Driver Not Loaded" : "Error";
}

int nvmlSystemGetDriverVersion(char *text, unsigned size)
{
    snprintf(text, size, "580.95.05");
    return is("unsupported") ? UNSUPPORTED : OK;
}

int nvmlDeviceGetCount_v2(unsigned *count)
{
    for (*count = 0; word(setting("FAKE_NVML_MIB", "24576,24576"), (int)*count); ++*count)
        ;
    if (is("nogpu"))
        *count = 0;
    return OK;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, device *d)
{
    *d = (device)(long)(index + 1);
    return word(setting("FAKE_NVML_MIB", "24576,24576"), (int)index) ? OK : INVALID;
}

int nvmlDeviceGetName(device d, char *text, unsigned size)
{
    snprintf(text, size, "Fake GPU %d", number_of(d));
    return OK;
}

int nvmlDeviceGetMemoryInfo(device d, memory_v1 *m)
{
    m->total = total(d);
    m->used = used(d) + RESERVED;
    m->free = m->total - m->used;
    return is("unsupported") ? UNSUPPORTED : OK;
}

int nvmlDeviceGetMemoryInfo_v2(device d, memory_v2 *m)
{
    m->total = total(d);
    m->reserved = RESERVED;
    m->used = used(d);
    m->free = m->total - m->used - RESERVED;
    return is("unsupported") ? UNSUPPORTED : OK;
}

int nvmlDeviceGetCudaComputeCapability(device d, int *major, int *minor)
{
    const char *text = word(setting("FAKE_NVML_CAP", "8.6,7.5"), number_of(d));
    return !is("unsupported") && text && sscanf(text, "%d.%d", major, minor) == 2 ? OK : UNSUPPORTED;
}

int nvmlDeviceGetComputeRunningProcesses_v3(device d, unsigned *count, program *programs)
{
    const char *list = number_of(d) ? "" : setting("FAKE_NVML_PIDS", "");
    unsigned room = *count, n;
    if (is("unsupported"))
        return UNSUPPORTED;
    for (n = 0; n < LONGEST && word(list, (int)n); n++) {
        char *after;
        unsigned pid = (unsigned)strtoul(word(list, (int)n), &after, 10);
        if (n < room && programs)
            programs[n] = (program){pid, after[1] == '-' ? UNTOLD : strtoull(after + 1, NULL, 10) * MIB, 0, 0};
    }
    *count = n;
    return n > room || (n && !programs) ? TOO_SMALL : OK;
}

int nvmlDeviceGetGraphicsRunningProcesses_v3(device d, unsigned *count, program *programs)
{
    (void)d, (void)programs;
    *count = 0;
    return is("unsupported") ? UNSUPPORTED : OK;
}
