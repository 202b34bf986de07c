/* A disk that fails at one point, for a process that is told so by LD_PRELOAD.
 *
 * Counted are the calls that change what lies under one folder: open for writing, write, rename,
 * link, mkdir, unlink, truncate, fsync. `disk_arm(root, at, error)` lets the call number `at` fail
 * with `error` (and, for ENOSPC and EIO on a write, all writes after it: a full disk stays full),
 * or, with error 0, kills the process there. `disk_points()` is how many there were. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 4096
static char root[PATH_MAX];
static size_t root_length;
static long points, fails_at;
static int error_of, only;
static unsigned char ours[FILES];
static char last[64];

enum { OPEN = 1, WRITE = 2, RENAME = 4, SYNC = 8, REMOVE = 16 };

void disk_arm(const char *folder, long at, int error, int kinds) {
  if (!realpath(folder, root)) abort();
  root_length = strlen(root);
  points = 0; fails_at = at; error_of = error; only = kinds;
}
long disk_points(void) { return points; }
const char *disk_last(void) { return last; }

static int under(int dir, const char *path) {
  char full[PATH_MAX], real[PATH_MAX], parent[PATH_MAX];
  if (!root_length || !path) return 0;
  if (path[0] == '/') snprintf(full, sizeof full, "%s", path);
  else {
    char at[64], base[PATH_MAX];
    if (dir == AT_FDCWD) { if (!getcwd(base, sizeof base)) return 0; }
    else {
      snprintf(at, sizeof at, "/proc/self/fd/%d", dir);
      ssize_t n = readlink(at, base, sizeof base - 1);
      if (n < 0) return 0;
      base[n] = 0;
    }
    if (snprintf(full, sizeof full, "%s/%s", base, path) >= (int)sizeof full) return 0;
  }
  snprintf(parent, sizeof parent, "%s", full);
  char *slash = strrchr(parent, '/');
  if (slash && slash != parent) *slash = 0;
  if (!realpath(parent, real)) return 0;
  return !strncmp(real, root, root_length) && (real[root_length] == '/' || !real[root_length]);
}

static int fails(int kind, const char *name) {
  if (!root_length || !(only & kind)) return 0;
  long now = __sync_add_and_fetch(&points, 1);
  int full = kind == WRITE && error_of == ENOSPC && fails_at && now > fails_at;
  if (now != fails_at && !full) return 0;
  if (now == fails_at) snprintf(last, sizeof last, "%s", name);
  if (!error_of) raise(SIGKILL);
  errno = error_of;
  return 1;
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int opened(int file, int mine) {
  if (file >= 0 && file < FILES) ours[file] = (unsigned char)mine;
  return file;
}
static int writing(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)); }

#define OPENER(name, extra, extras, where)                                     \
  int name(extra const char *path, int flags, ...) {                           \
    REAL(name);                                                                \
    mode_t mode = 0;                                                           \
    if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); } \
    int mine = writing(flags) && under(where, path);                           \
    if (mine && fails(OPEN, "open")) return -1;                                \
    return opened(real(extras path, flags, mode), mine);                       \
  }
#define NONE
#define DIRARG int dir,
#define DIRUSE dir,
OPENER(open, NONE, NONE, AT_FDCWD)
OPENER(open64, NONE, NONE, AT_FDCWD)
OPENER(openat, DIRARG, DIRUSE, dir)
OPENER(openat64, DIRARG, DIRUSE, dir)

int close(int file) { REAL(close); if (file >= 0 && file < FILES) ours[file] = 0; return real(file); }
#define MINE(file) ((file) >= 0 && (file) < FILES && ours[file])

ssize_t write(int file, const void *data, size_t size) {
  REAL(write);
  if (MINE(file) && fails(WRITE, "write")) return -1;
  return real(file, data, size);
}
ssize_t pwrite(int file, const void *data, size_t size, off_t at) {
  REAL(pwrite);
  if (MINE(file) && fails(WRITE, "pwrite")) return -1;
  return real(file, data, size, at);
}
ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) {
  REAL(pwrite64);
  if (MINE(file) && fails(WRITE, "pwrite")) return -1;
  return real(file, data, size, at);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
  REAL(writev);
  if (MINE(file) && fails(WRITE, "writev")) return -1;
  return real(file, parts, count);
}
int ftruncate(int file, off_t size) {
  REAL(ftruncate);
  if (MINE(file) && fails(WRITE, "ftruncate")) return -1;
  return real(file, size);
}
int ftruncate64(int file, off64_t size) {
  REAL(ftruncate64);
  if (MINE(file) && fails(WRITE, "ftruncate")) return -1;
  return real(file, size);
}
int fsync(int file) {
  REAL(fsync);
  char at[64], path[PATH_MAX];
  snprintf(at, sizeof at, "/proc/self/fd/%d", file);
  ssize_t n = readlink(at, path, sizeof path - 1);
  if (n > 0) {
    path[n] = 0;
    if (under(AT_FDCWD, path) && fails(SYNC, "fsync")) return -1;
  }
  return real(file);
}
int rename(const char *from, const char *to) {
  REAL(rename);
  if (under(AT_FDCWD, to) && fails(RENAME, "rename")) return -1;
  return real(from, to);
}
int renameat(int one, const char *from, int other, const char *to) {
  REAL(renameat);
  if (under(other, to) && fails(RENAME, "rename")) return -1;
  return real(one, from, other, to);
}
int link(const char *from, const char *to) {
  REAL(link);
  if (under(AT_FDCWD, to) && fails(RENAME, "link")) return -1;
  return real(from, to);
}
int linkat(int one, const char *from, int other, const char *to, int flags) {
  REAL(linkat);
  if (under(other, to) && fails(RENAME, "link")) return -1;
  return real(one, from, other, to, flags);
}
int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  if (under(AT_FDCWD, path) && fails(OPEN, "mkdir")) return -1;
  return real(path, mode);
}
int unlink(const char *path) {
  REAL(unlink);
  if (under(AT_FDCWD, path) && fails(REMOVE, "unlink")) return -1;
  return real(path);
}
