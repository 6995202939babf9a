#include "guard.h"
#include "kdr_cuda.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include <mutex>

#ifdef KT_CUDA
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>

#include <cstring>
#endif

using namespace kt;

namespace {
// The GPUs this build can use.
int32_t built_for() {
#ifdef KT_CUDA
  return c10::cuda::device_count();
#else
  return 0;
#endif
}
}  // namespace

int32_t kt_cuda_device_count() {
#ifdef KT_STAND_IN
  return 1;
#else
  return built_for();
#endif
}

int32_t kt_cuda_cudnn_available() { KT_GUARD("is_cudnn_available", (), 0, return built_for() > 0 && at::detail::getCUDAHooks().hasCuDNN()) }

int32_t kt_cuda_manual_seed_all(uint64_t seed) {
  KT_STATUS("manual_seed_all", (), {
    for (int32_t i = 0; i < built_for(); i++) {
      auto generator = at::globalContext().defaultGenerator(at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(i)));
      std::lock_guard<std::mutex> lock(generator.mutex());
      generator.set_current_seed(seed);
    }
  })
}

#ifdef KT_CUDA

namespace {
// The device to ask: the given one, or the current one.
c10::DeviceIndex place(int32_t device_index) {
  const int32_t count = c10::cuda::device_count();
  const auto index = device_index < 0 ? c10::cuda::current_device() : static_cast<c10::DeviceIndex>(device_index);
  TORCH_CHECK(index < count, "there is no CUDA device ", static_cast<int>(index), ", only ", count);
  return index;
}
}  // namespace

int32_t kt_cuda_synchronize(int32_t device_index) {
  KT_STATUS("cuda.synchronize", (), {
    if (kt_cuda_device_count() == 0) return 0;
    const c10::cuda::CUDAGuard guard(place(device_index));
    c10::cuda::device_synchronize();
  })
}

int32_t kt_cuda_empty_cache() { KT_STATUS("cuda.empty_cache", (), if (kt_cuda_device_count() > 0) c10::cuda::CUDACachingAllocator::emptyCache()) }

int32_t kt_cuda_memory_of(int32_t device_index, kt_cuda_memory* memory) {
  KT_STATUS("cuda.memory", (), {
    const auto index = place(device_index);
    const c10::cuda::CUDAGuard guard(index);
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(index);
    size_t free = 0;
    size_t total = 0;
    C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    *memory = {stats.allocated_bytes[0].current, stats.allocated_bytes[0].peak, stats.reserved_bytes[0].current, stats.reserved_bytes[0].peak,
      static_cast<int64_t>(free), static_cast<int64_t>(total)};
  })
}

int32_t kt_cuda_reset_peak(int32_t device_index) {
  KT_STATUS("cuda.reset_peak", (), c10::cuda::CUDACachingAllocator::resetPeakStats(place(device_index)))
}

int32_t kt_cuda_properties_of(int32_t device_index, kt_cuda_properties* properties) {
  KT_STATUS("cuda.properties", (), {
    const cudaDeviceProp* found = at::cuda::getDeviceProperties(place(device_index));
    properties->total_memory = static_cast<int64_t>(found->totalGlobalMem);
    properties->major = found->major;
    properties->minor = found->minor;
    properties->multiprocessors = found->multiProcessorCount;
    std::strncpy(properties->name, found->name, sizeof(properties->name) - 1);
    properties->name[sizeof(properties->name) - 1] = '\0';
  })
}

#else

int32_t kt_cuda_synchronize(int32_t) { return 0; }
int32_t kt_cuda_empty_cache() { return 0; }
int32_t kt_cuda_memory_of(int32_t, kt_cuda_memory*) { KT_STATUS("cuda.memory", (), TORCH_CHECK(false, "this libkdr_torch was built without CUDA")) }
int32_t kt_cuda_reset_peak(int32_t) { KT_STATUS("cuda.reset_peak", (), TORCH_CHECK(false, "this libkdr_torch was built without CUDA")) }
int32_t kt_cuda_properties_of(int32_t, kt_cuda_properties*) {
  KT_STATUS("cuda.properties", (), TORCH_CHECK(false, "this libkdr_torch was built without CUDA"))
}

#endif
