/* Loaded before libc (LD_PRELOAD): whatever syncs a file waits as long as a slower disk would take. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static int synced(const char *name, int file) {
    int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int result = sync(file);
    struct timespec wait = {SYNC_NANOSECONDS / 1000000000, SYNC_NANOSECONDS % 1000000000};
    nanosleep(&wait, 0);
    return result;
}

int fsync(int file) { return synced("fsync", file); }

int fdatasync(int file) { return synced("fdatasync", file); }
