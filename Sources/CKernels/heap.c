#include "heap.h"

#include <stdlib.h>

#if defined(__GLIBC__)
#include <malloc.h>

void fkv_keep_freed_memory(size_t bytes) {
  int limit = bytes > (1u << 30) ? 1 << 30 : (int)bytes;
  mallopt(M_MMAP_THRESHOLD, limit);
  mallopt(M_TRIM_THRESHOLD, limit);
}

void fkv_release_freed_memory(void) { malloc_trim(0); }
#else
void fkv_keep_freed_memory(size_t bytes) { (void)bytes; }

void fkv_release_freed_memory(void) {}
#endif
