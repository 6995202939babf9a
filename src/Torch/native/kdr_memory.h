// The memory under large CPU tensors.
#pragma once
#include "kdr_torch.h"

// From now on CPU tensors of 64 KiB and more come from a heap of this library that keeps what is freed. Returns 1, or 0
// where the system reserves no address range for it; then everything stays as it was.
KT_API int32_t kt_memory_use_heap(void);
// Bytes in use, the most there ever were, and the extent of the heap. All 0 without the heap.
KT_API int32_t kt_memory_figures(int64_t* in_use, int64_t* peak, int64_t* extent);
// Gives the memory of freed blocks back to the system.
KT_API int32_t kt_memory_trim(void);
