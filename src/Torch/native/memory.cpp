// Activations are freed and allocated again at every step. By default glibc returns blocks of that size to the system and
// faults every page in anew: a third of the CPU time of a small network's PGD step.
#include "kdr_memory.h"

#include <limits.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

int32_t kt_memory_keep_freed(void) {
#ifdef __GLIBC__
  // One arena: the others are made of 64 MiB pieces, which are unmapped when empty whatever the threshold.
  return mallopt(M_MMAP_THRESHOLD, 1 << 30) == 1 && mallopt(M_TRIM_THRESHOLD, INT_MAX) == 1 && mallopt(M_ARENA_MAX, 1) == 1;
#else
  return 0;
#endif
}

int32_t kt_memory_trim(void) {
#ifdef __GLIBC__
  return malloc_trim(0);
#else
  return 0;
#endif
}
