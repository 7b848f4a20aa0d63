/* What a program does to the files below one folder: counted, written down, and made to fail.
 *
 * A library for LD_PRELOAD, between a program and the C library. What it does is said by the environment:
 *
 *   FAULTS_ROOT   the folder, as an absolute path without links
 *   FAULTS_TRACE  a file into which every change is written, in the form that the tests read (`trace.rs`)
 *   FAULTS_COUNT  a file that holds in the end how many operations there were, of those that may fail
 *   FAULTS_ON     which operations may fail: `write` (all that change something) or `read` (all that look)
 *   FAULTS_AT     which of them does, from 0 on
 *   FAULTS_WITH   how: `EIO`, `ENOSPC`, `EACCES`, `short` (half of the bytes, where there are any), `torn` (half of the bytes,
 *                 and then the program is killed), `kill` (the program is killed before it)
 *   FAULTS_STICKY if set, all later ones fail too
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>


static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static int trace = -1;
static long count, at = -1;
static int fails_reads, sticky;
static enum { NOTHING, ERROR, SHORT, TORN, KILL } with;
static int error_number;

static void append(const void *bytes, size_t length) {
    const char *from = bytes;
    while (length > 0) {
        long done = syscall(SYS_write, trace, from, length);
        if (done <= 0) abort();
        from += done;
        length -= (size_t)done;
    }
}

__attribute__((constructor)) static void begin(void) {
    const char *value = getenv("FAULTS_ROOT");
    if (!value) return;
    snprintf(root, sizeof root, "%s", value);
    root_length = strlen(root);
    if ((value = getenv("FAULTS_TRACE")))
        trace = (int)syscall(SYS_openat, AT_FDCWD, value, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if ((value = getenv("FAULTS_ON"))) fails_reads = strcmp(value, "read") == 0;
    if ((value = getenv("FAULTS_AT"))) at = atol(value);
    sticky = getenv("FAULTS_STICKY") != NULL;
    if ((value = getenv("FAULTS_WITH"))) {
        if (!strcmp(value, "short")) with = SHORT;
        else if (!strcmp(value, "torn")) with = TORN;
        else if (!strcmp(value, "kill")) with = KILL;
        else {
            with = ERROR;
            error_number = !strcmp(value, "ENOSPC") ? ENOSPC : !strcmp(value, "EACCES") ? EACCES : EIO;
        }
    }
}

__attribute__((destructor)) static void end(void) {
    const char *path = getenv("FAULTS_COUNT");
    char text[32];
    if (!path || !root_length) return;
    int length = snprintf(text, sizeof text, "%ld", count);
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file >= 0) {
        syscall(SYS_write, file, text, (size_t)length);
        syscall(SYS_close, file);
    }
}

static int is_below(const char *path) {
    return root_length && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

/* The absolute path of what a call names; whether it is below the folder. */
static int resolve(int folder, const char *path, char *full) {
    if (!root_length || !path) return 0;
    if (path[0] == '/') {
        snprintf(full, PATH_MAX, "%s", path);
    } else {
        char base[PATH_MAX];
        if (folder == AT_FDCWD) {
            if (syscall(SYS_getcwd, base, sizeof base) < 0) return 0;
        } else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            long length = syscall(SYS_readlinkat, AT_FDCWD, link, base, sizeof base - 1);
            if (length < 0) return 0;
            base[length] = 0;
        }
        if (snprintf(full, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) return 0;
    }
    return is_below(full);
}

/* The path of an open file; whether it is below the folder. */
static int is_own(int file, char *full) {
    char link[64];
    if (!root_length || file < 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, full, PATH_MAX - 1);
    if (length <= 0) return 0;
    full[length] = 0;
    return is_below(full);
}

/* Which file it is, whatever it is called. */
static uint64_t identity(int file) {
    struct stat status;
    return fstat(file, &status) ? 0 : (uint64_t)status.st_ino;
}

static uint64_t identity_of(const char *path) {
    struct stat status;
    return stat(path, &status) ? 0 : (uint64_t)status.st_ino;
}

/* One line of the trace: what, of which file, where, and its bytes and paths. */
static void note(char what, uint64_t file, uint64_t offset, const char *path, const void *bytes, uint64_t length) {
    if (trace < 0) return;
    uint64_t path_length = path ? strlen(path) : 0;
    append(&what, 1);
    append(&file, 8);
    append(&offset, 8);
    append(&path_length, 8);
    append(&length, 8);
    append(path, path_length);
    append(bytes, length);
}

/* Whether the next operation is to fail, and how. */
static int falls(int is_read) {
    if (is_read != fails_reads) return NOTHING;
    long number = count++;
    if (at < 0 || (sticky ? number < at : number != at)) return NOTHING;
    if (with == KILL) kill(getpid(), SIGKILL);
    return (int)with;
}

static void locked(void) { pthread_mutex_lock(&mutex); }
static void unlocked(void) { pthread_mutex_unlock(&mutex); }
static long failed(int number) { unlocked(); errno = number; return -1; }
static int number_of(int how) { return how == ERROR ? error_number : EIO; }

/* Opening. */

static int opened(int folder, const char *path, int flags, mode_t mode) {
    char full[PATH_MAX];
    if (!resolve(folder, path, full)) return (int)syscall(SYS_openat, folder, path, flags, mode);
    locked();
    struct stat status;
    int was_there = stat(full, &status) == 0;
    int makes = (flags & O_CREAT) && !was_there;
    int empties = (flags & O_TRUNC) && was_there;
    int how = falls(!(makes || empties));
    if (how != NOTHING) return (int)failed(number_of(how));
    int file = (int)syscall(SYS_openat, folder, path, flags, mode);
    int was = errno;
    if (file >= 0 && makes) note('c', identity(file), 0, full, NULL, 0);
    if (file >= 0 && empties) note('t', identity(file), 0, NULL, NULL, 0);
    unlocked();
    errno = was;
    return file;
}

#define MODE(flags) mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }

int open(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE(flags) return opened(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE(flags) return opened(folder, path, flags | O_LARGEFILE, mode); }

/* Writing. */

static ssize_t written(int file, const void *bytes, size_t length, off64_t offset, int is_placed) {
    char full[PATH_MAX];
    if (file == 1 || file == 2) {
        locked();
        note('a', 0, 0, NULL, bytes, length);
        unlocked();
    } else if (is_own(file, full)) {
        locked();
        off64_t place = offset;
        if (!is_placed) {
            struct stat status;
            int appends = fcntl(file, F_GETFL) & O_APPEND;
            place = appends && !fstat(file, &status) ? status.st_size : lseek64(file, 0, SEEK_CUR);
        }
        int how = falls(0);
        if (how == ERROR) return failed(error_number);
        size_t wanted = (how == SHORT || how == TORN) && length > 1 ? length / 2 : length;
        ssize_t done = is_placed ? syscall(SYS_pwrite64, file, bytes, wanted, offset) : syscall(SYS_write, file, bytes, wanted);
        int was = errno;
        if (how == TORN) kill(getpid(), SIGKILL);
        if (done > 0) note('w', identity(file), (uint64_t)place, NULL, bytes, (uint64_t)done);
        unlocked();
        errno = was;
        return done;
    }
    return is_placed ? syscall(SYS_pwrite64, file, bytes, length, offset) : syscall(SYS_write, file, bytes, length);
}

ssize_t write(int file, const void *bytes, size_t length) { return written(file, bytes, length, 0, 0); }
ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) { return written(file, bytes, length, offset, 1); }
ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset) { return written(file, bytes, length, offset, 1); }

ssize_t writev(int file, const struct iovec *parts, int number) {
    char full[PATH_MAX];
    if (file != 1 && file != 2 && !is_own(file, full)) return syscall(SYS_writev, file, parts, number);
    /* The first part that holds something: fewer bytes than asked for is an answer. */
    for (int part = 0; part < number; part++)
        if (parts[part].iov_len) return written(file, parts[part].iov_base, parts[part].iov_len, 0, 0);
    return 0;
}

/* What copies or makes room without the bytes passing by is done the long way, which these are noted by. */
ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t length, unsigned flags) {
    char full[PATH_MAX];
    if (is_own(to, full)) { errno = ENOSYS; return -1; }
    return syscall(SYS_copy_file_range, from, from_offset, to, to_offset, length, flags);
}
ssize_t sendfile64(int to, int from, off64_t *offset, size_t length) {
    char full[PATH_MAX];
    if (is_own(to, full)) { errno = EINVAL; return -1; }
    return syscall(SYS_sendfile, to, from, offset, length);
}
ssize_t sendfile(int to, int from, off_t *offset, size_t length) { return sendfile64(to, from, (off64_t *)offset, length); }
int posix_fallocate64(int file, off64_t offset, off64_t length) {
    char full[PATH_MAX];
    if (is_own(file, full)) return EINVAL;
    return syscall(SYS_fallocate, file, 0, offset, length) ? errno : 0;
}
int posix_fallocate(int file, off_t offset, off_t length) { return posix_fallocate64(file, offset, length); }

int ftruncate64(int file, off64_t length) {
    char full[PATH_MAX];
    if (!is_own(file, full)) return (int)syscall(SYS_ftruncate, file, length);
    locked();
    int how = falls(0);
    if (how != NOTHING) return (int)failed(number_of(how));
    int done = (int)syscall(SYS_ftruncate, file, length);
    if (!done) note('t', identity(file), (uint64_t)length, NULL, NULL, 0);
    unlocked();
    return done;
}
int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

static int synced(int file, int only_data) {
    char full[PATH_MAX];
    long call = only_data ? SYS_fdatasync : SYS_fsync;
    if (!is_own(file, full)) return (int)syscall(call, file);
    locked();
    int how = falls(0);
    if (how != NOTHING) return (int)failed(number_of(how));
    struct stat status;
    int is_folder = !fstat(file, &status) && S_ISDIR(status.st_mode);
    /* Nothing is lost with the machine here, so that the disk need not be waited for. */
    note(is_folder ? 'd' : 'f', identity(file), 0, is_folder ? full : NULL, NULL, 0);
    unlocked();
    return 0;
}
int fsync(int file) { return synced(file, 0); }
int fdatasync(int file) { return synced(file, 1); }
int msync(void *address, size_t length, int flags) { return (int)syscall(SYS_msync, address, length, flags); }

/* Names. */

static int renamed(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    char full_from[PATH_MAX], full_to[PATH_MAX];
    int own = resolve(from_folder, from, full_from) | resolve(to_folder, to, full_to);
    if (!own) return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    locked();
    int how = falls(0);
    if (how != NOTHING) return (int)failed(number_of(how));
    int done = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    int was = errno;
    if (!done) note('r', 0, 0, full_from, full_to, strlen(full_to));
    unlocked();
    errno = was;
    return done;
}
int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int a, const char *from, int b, const char *to) { return renamed(a, from, b, to, 0); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { return renamed(a, from, b, to, flags); }

int link(const char *from, const char *to) {
    char full[PATH_MAX];
    if (!resolve(AT_FDCWD, to, full)) return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
    locked();
    int how = falls(0);
    if (how != NOTHING) return (int)failed(number_of(how));
    int done = (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
    int was = errno;
    if (!done) note('l', identity_of(full), 0, full, NULL, 0);
    unlocked();
    errno = was;
    return done;
}

static int unlinked(int folder, const char *path, int flags) {
    char full[PATH_MAX];
    if (!resolve(folder, path, full)) return (int)syscall(SYS_unlinkat, folder, path, flags);
    locked();
    int how = falls(0);
    if (how != NOTHING) return (int)failed(number_of(how));
    int done = (int)syscall(SYS_unlinkat, folder, path, flags);
    int was = errno;
    if (!done) note('u', 0, 0, full, NULL, 0);
    unlocked();
    errno = was;
    return done;
}
int unlink(const char *path) { return unlinked(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return unlinked(folder, path, flags); }
int rmdir(const char *path) { return unlinked(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path) {
    struct stat status;
    return unlinked(AT_FDCWD, path, !lstat(path, &status) && S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0);
}

int mkdir(const char *path, mode_t mode) {
    char full[PATH_MAX];
    if (!resolve(AT_FDCWD, path, full)) return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    locked();
    int how = falls(0);
    if (how != NOTHING) return (int)failed(number_of(how));
    int done = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    int was = errno;
    if (!done) note('m', 0, 0, full, NULL, 0);
    unlocked();
    errno = was;
    return done;
}

/* Reading. */

static ssize_t taken(int file, void *bytes, size_t length, off64_t offset, int is_placed) {
    char full[PATH_MAX];
    size_t wanted = length;
    if (fails_reads && is_own(file, full)) {
        locked();
        int how = falls(1);
        if (how == ERROR) return failed(error_number);
        if (how != NOTHING && length > 1) wanted = length / 2;
        unlocked();
    }
    return is_placed ? syscall(SYS_pread64, file, bytes, wanted, offset) : syscall(SYS_read, file, bytes, wanted);
}
ssize_t read(int file, void *bytes, size_t length) { return taken(file, bytes, length, 0, 0); }
ssize_t pread(int file, void *bytes, size_t length, off_t offset) { return taken(file, bytes, length, offset, 1); }
ssize_t pread64(int file, void *bytes, size_t length, off64_t offset) { return taken(file, bytes, length, offset, 1); }

static void *mapped(void *address, size_t length, int protection, int flags, int file, off64_t offset) {
    char full[PATH_MAX];
    if (fails_reads && file >= 0 && is_own(file, full)) {
        locked();
        int how = falls(1);
        if (how != NOTHING) { failed(how == ERROR ? error_number : ENOMEM); return MAP_FAILED; }
        unlocked();
    }
    return (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}
void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    return mapped(address, length, protection, flags, file, offset);
}
void *mmap64(void *address, size_t length, int protection, int flags, int file, off64_t offset) {
    return mapped(address, length, protection, flags, file, offset);
}
