// A disk that fails on demand, for tests alone. Loaded into the executable with LD_PRELOAD, it
// stands between SQLite and the C library and makes the Nth operation on the database's files fail
// as the kernel would. (SQLite's own test_syscall.c works at this level too: what SQLite makes of
// the kernel's answer is a part of what is tested.)
//
// The environment variable FAULTY_DISK names a file that the test has mapped as well; the other
// side is FaultyDisk.swift. Without the variable, everything is passed on.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

// What goes wrong. The values are FaultyDisk.Fault's.
enum fault { NOTHING, DISK_FULL, WRITING_FAILS, READING_FAILS, BUSY, STALLS };

enum operation { CREATE, WRITE, SYNC, TRUNCATE, DELETE, READ, TAKE_WRITE_LOCK };

// As FaultyDisk.Control.
struct control {
  _Atomic int64_t fault;
  _Atomic int64_t first;   // The number of the first operation that fails: 1 is the next one.
  _Atomic int64_t last;    // The number of the last one that does.
  _Atomic int64_t seen;    // How many operations there were that the fault concerns.
  _Atomic int64_t failed;  // How many of them failed.
};

static struct control *control;

// SQLite checkpoints after 1,000 pages, which is many requests; here each request should see some.
enum { CHECKPOINT_AFTER_PAGES = 25 };

static int set_up_connection(sqlite3 *db, const char **error, const void *api) {
  (void)error, (void)api;
  return sqlite3_wal_autocheckpoint(db, CHECKPOINT_AFTER_PAGES);
}

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("FAULTY_DISK");
  if (path == NULL) return;
  int file = open(path, O_RDWR | O_CLOEXEC);
  void *memory = MAP_FAILED;
  if (file >= 0)
    memory = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) {
    perror("FAULTY_DISK");
    abort();  // A test that injects nothing would prove nothing.
  }
  close(file);
  control = memory;
  sqlite3_auto_extension((void (*)(void))set_up_connection);
}

// What the kernel says; 0 where the fault does not concern such an operation.
static int error_of(enum operation operation, int64_t fault) {
  switch (operation) {
    case CREATE: return fault == DISK_FULL ? ENOSPC : fault == WRITING_FAILS ? EIO : 0;
    case WRITE:
      return fault == DISK_FULL ? ENOSPC
             : fault == WRITING_FAILS ? EIO
             : fault == STALLS ? EINPROGRESS
                               : 0;
    case SYNC:
    case TRUNCATE:
    case DELETE: return fault == WRITING_FAILS ? EIO : 0;
    case READ: return fault == READING_FAILS ? EIO : 0;
    case TAKE_WRITE_LOCK: return fault == BUSY ? EAGAIN : 0;
  }
  return 0;
}

// The database, its -wal, -shm and -journal, and the daemon's .lock.
static bool is_of_database(const char *path) { return strstr(path, ".sqlite") != NULL; }

static bool is_open_on_database(int file) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return false;
  path[length] = 0;
  return is_of_database(path);
}

// Counts the operation, and sets errno where it is to fail.
static bool fails(enum operation operation) {
  int error = error_of(operation, atomic_load(&control->fault));
  if (error == 0) return false;
  int64_t number = atomic_fetch_add(&control->seen, 1) + 1;
  if (number < atomic_load(&control->first) || number > atomic_load(&control->last)) return false;
  atomic_fetch_add(&control->failed, 1);
  if (error == EINPROGRESS) {
    while (atomic_load(&control->fault) == STALLS) usleep(1000);
    return false;
  }
  errno = error;
  return true;
}

static bool fails_on(int file, enum operation operation) {
  return control != NULL && is_open_on_database(file) && fails(operation);
}

static bool fails_at(const char *path, enum operation operation) {
  return control != NULL && is_of_database(path) && fails(operation);
}

// The C library's own function of the name.
#define REAL(name)               \
  static __typeof__(&name) real; \
  if (real == NULL) real = (__typeof__(real))dlsym(RTLD_NEXT, #name)

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
  REAL(pwrite64);
  return fails_on(file, WRITE) ? -1 : real(file, bytes, count, offset);
}

ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) {
  REAL(pread64);
  return fails_on(file, READ) ? -1 : real(file, bytes, count, offset);
}

int fdatasync(int file) {
  REAL(fdatasync);
  return fails_on(file, SYNC) ? -1 : real(file);
}

int ftruncate64(int file, off64_t length) {
  REAL(ftruncate64);
  return fails_on(file, TRUNCATE) ? -1 : real(file, length);
}

int unlink(const char *path) {
  REAL(unlink);
  return fails_at(path, DELETE) ? -1 : real(path);
}

// Opening what is there needs no room on the disk.
static bool fails_to_open(const char *path, int flags) {
  return (flags & O_CREAT) != 0 && access(path, F_OK) != 0 && fails_at(path, CREATE);
}

static mode_t mode_argument(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

// SQLite calls open64, Swift open.
#define DEFINE_OPEN(name)                                             \
  int name(const char *path, int flags, ...) {                        \
    REAL(name);                                                       \
    va_list arguments;                                                \
    va_start(arguments, flags);                                       \
    mode_t mode = mode_argument(flags, arguments);                    \
    va_end(arguments);                                                \
    return fails_to_open(path, flags) ? -1 : real(path, flags, mode); \
  }
DEFINE_OPEN(open64)
DEFINE_OPEN(open)

// Where SQLite keeps its locks: the write lock of the WAL is a byte of the -shm (WAL_WRITE_LOCK at
// UNIX_SHM_BASE), that of a rollback journal a byte of the database (RESERVED_BYTE).
static bool is_write_lock(int command, const struct flock64 *lock) {
  return command == F_SETLK && lock->l_type == F_WRLCK && lock->l_len == 1 &&
         (lock->l_start == 120 || lock->l_start == 0x40000001);
}

// As if another process held the lock.
int fcntl64(int file, int command, ...) {
  REAL(fcntl64);
  va_list arguments;
  va_start(arguments, command);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  if (is_write_lock(command, argument) && fails_on(file, TAKE_WRITE_LOCK)) return -1;
  return real(file, command, argument);
}
