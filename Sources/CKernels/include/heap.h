#ifndef FKV_HEAP_H
#define FKV_HEAP_H

#include <stddef.h>

/// Lets the allocator keep freed blocks of up to `bytes` for the next that ask, instead of giving each back to the system
/// and fetching zeroed pages again. Does nothing where the C library is not glibc.
void fkv_keep_freed_memory(size_t bytes);

/// Gives freed blocks back to the system, where the C library is glibc.
void fkv_release_freed_memory(void);

#endif
