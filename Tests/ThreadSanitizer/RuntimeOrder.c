// Tells the thread sanitizer of the order between threads that Swift's runtime makes where the
// sanitizer cannot see it, since the toolchain's libraries are built without it. Without this file,
// it takes every lock that was waited for, and some results of continuations, for races.
// `.ci/races` links it into the tests. It adds no order that the runtime does not make.
//
// Written for Swift 6.3. In a later one that has other names, it ends the process at once.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

// The slow halves of Synchronization.Mutex, which wait for a lock and wake who waits. The fast ones
// are inlined, and so instrumented.
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

SWIFT void lock_slow(uint32_t thread, SELF void *mutex) __asm__(LOCK_SLOW);
SWIFT void unlock_slow(SELF void *mutex) __asm__(UNLOCK_SLOW);
SWIFT void swift_task_dealloc(void *memory);

static SWIFT void (*real_lock_slow)(uint32_t, SELF void *);
static SWIFT void (*real_unlock_slow)(SELF void *);
static SWIFT void (*real_dealloc)(void *);
static SWIFT void *(*current_task)(void);

static void *find(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) {
    fprintf(stderr, "RuntimeOrder.c: this version of Swift has no %s\n", name);
    abort();
  }
  return found;
}

__attribute__((constructor)) static void find_all(void) {
  real_lock_slow = find(LOCK_SLOW);
  real_unlock_slow = find(UNLOCK_SLOW);
  real_dealloc = find("swift_task_dealloc");
  current_task = find("swift_task_getCurrent");
}

SWIFT void lock_slow(uint32_t thread, SELF void *mutex) {
  real_lock_slow(thread, mutex);
  __tsan_acquire(mutex);
}

SWIFT void unlock_slow(SELF void *mutex) {
  __tsan_release(mutex);
  real_unlock_slow(mutex);
}

// A continuation that is resumed before its task has come to wait for it: who resumes releases the
// task (the runtime says so), but nobody acquires it. The task's own code frees the frame of each
// async call right after it has returned, so that is the first place where it can be said.
SWIFT void swift_task_dealloc(void *memory) {
  real_dealloc(memory);
  __tsan_acquire(current_task());
}
