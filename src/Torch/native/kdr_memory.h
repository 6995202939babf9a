// The C library's memory under CPU tensors.
#pragma once
#include "kdr_torch.h"

// From now on malloc keeps freed memory for the process, in one arena, and takes no block below 1 GiB from the system
// by itself. Returns 1, or 0 where the C library is not glibc.
KT_API int32_t kt_memory_keep_freed(void);
// Gives freed memory back to the system. Returns 1 when some was given back.
KT_API int32_t kt_memory_trim(void);
