#pragma once

#include <sys/types.h>

/// Starts the program at `path`. Its descriptors 0, 1, 2 … are those of `descriptors`, each of which
/// is `count` or more; it has no other, and a process group and signals of its own.
///
/// Returns 0, or the number of the error.
int aidevbot_spawn(
    pid_t *child, const char *path, char *const arguments[], char *const environment[],
    const int descriptors[], int count);
