// CUDA: devices, memory, streams' synchronisation. A build without KT_CUDA has every function; they say there is no device.
#pragma once
#include "kdr_torch.h"

KT_API int32_t kt_cuda_device_count(void);
KT_API int32_t kt_cuda_cudnn_available(void);
KT_API int32_t kt_cuda_manual_seed_all(uint64_t seed);
// device_index -1: the current device. Without a CUDA device: nothing.
KT_API int32_t kt_cuda_synchronize(int32_t device_index);
KT_API int32_t kt_cuda_empty_cache(void);

// Bytes. The peaks count from the start of the process or the last reset.
typedef struct kt_cuda_memory {
  int64_t allocated, allocated_peak, reserved, reserved_peak, free, total;
} kt_cuda_memory;
KT_API int32_t kt_cuda_memory_of(int32_t device_index, kt_cuda_memory* memory);
KT_API int32_t kt_cuda_reset_peak(int32_t device_index);

typedef struct kt_cuda_properties {
  int64_t total_memory;
  int32_t major, minor, multiprocessors;
  char name[256];
} kt_cuda_properties;
KT_API int32_t kt_cuda_properties_of(int32_t device_index, kt_cuda_properties* properties);
