// What glibc has for this is hidden from Swift, which sees its headers without _GNU_SOURCE.
#define _GNU_SOURCE
#include "CSpawn.h"

#include <signal.h>
#include <spawn.h>

int aidevbot_spawn(
    pid_t *child, const char *path, char *const arguments[], char *const environment[],
    const int descriptors[], int count) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);

  int status = posix_spawn_file_actions_init(&actions);
  if (status != 0) return status;
  status = posix_spawnattr_init(&attributes);
  if (status != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return status;
  }
  for (int i = 0; status == 0 && i < count; i++) {
    status = posix_spawn_file_actions_adddup2(&actions, descriptors[i], i);
  }
  if (status == 0) status = posix_spawn_file_actions_addclosefrom_np(&actions, count);
  if (status == 0) status = posix_spawnattr_setsigdefault(&attributes, &all);
  if (status == 0) status = posix_spawnattr_setsigmask(&attributes, &none);
  if (status == 0) {
    status = posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  if (status == 0) status = posix_spawn(child, path, &actions, &attributes, arguments, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return status;
}
