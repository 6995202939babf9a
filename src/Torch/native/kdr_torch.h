// The C ABI of libkdr_torch.so: opaque pointers and fixed-width integers, no C++ type.
//
// Conventions, the same in every family (kdr_tensor.h, kdr_random.h, kdr_autograd.h, kdr_cuda.h, kdr_nn.h):
// - Functions are kt_<family>_<op>. A trailing underscore marks the in-place form, as in PyTorch.
// - A tensor is a void* to an at::Tensor on the heap; the caller owns what a function returns and ends it with
//   kt_tensor_free. A null argument is an undefined tensor, allowed only where the comment says so.
// - A function that makes a tensor returns null when it failed; one that does not returns 0, or 1 when it failed.
//   kt_last_error() then gives the message of this thread, once.
// - Element types and device types are c10's numbers (float32 = 6, CPU = 0, CUDA = 1); -1 means "not given".
// - A bool is an int32_t, 0 or 1.
#pragma once
#include <stdint.h>

#if defined(_WIN32)
#define KT_EXPORT __declspec(dllexport)
#else
#define KT_EXPORT __attribute__((visibility("default")))
#endif
#ifdef __cplusplus
#define KT_API extern "C" KT_EXPORT
#else
#define KT_API KT_EXPORT
#endif

// Raised whenever a signature changes; the managed half refuses a library with another number.
#define KT_ABI_VERSION 1

// A number that keeps its kind: an int64 tensor takes no double.
struct kt_scalar {
  int64_t bits;  // the value, or the bits of the double
  int64_t kind;  // 0 = none, 1 = bool, 2 = integer, 3 = double
};
typedef struct kt_scalar kt_scalar;

// Reads and clears the message of this thread; "" when there is none. Valid until the next call on this thread.
KT_API const char* kt_last_error(void);

KT_API int32_t kt_abi_version(void);
// libtorch's version: of the headers this was compiled with, and of the library that is loaded.
KT_API const char* kt_built_version(void);
KT_API const char* kt_loaded_version(void);
// libtorch's own description of its build: compilers, BLAS, oneDNN, instruction sets.
KT_API const char* kt_build_summary(void);
// 1 when compiled with CUDA support.
KT_API int32_t kt_built_with_cuda(void);

KT_API int32_t kt_get_num_threads(void);
KT_API int32_t kt_set_num_threads(int32_t threads);
KT_API int32_t kt_get_num_interop_threads(void);
KT_API int32_t kt_set_num_interop_threads(int32_t threads);

// Switches of the whole process. Values are 0 or 1.
#define KT_FLAG_DETERMINISTIC 0
#define KT_FLAG_TF32_CUDNN 1
#define KT_FLAG_TF32_MATMUL 2
#define KT_FLAG_CUDNN_BENCHMARK 3
#define KT_FLAG_CUDNN_DETERMINISTIC 4
#define KT_FLAG_MKLDNN 5
KT_API int32_t kt_get_flag(int32_t flag);
KT_API int32_t kt_set_flag(int32_t flag, int32_t value);

// Autocast of the calling thread. dtype is the reduced type (bfloat16 = 15, float16 = 5).
KT_API int32_t kt_autocast_is_enabled(int32_t device_type);
KT_API int32_t kt_autocast_dtype(int32_t device_type);
KT_API int32_t kt_autocast_set(int32_t device_type, int32_t enabled, int32_t dtype);
// Enters or leaves one nesting level; leaving the last drops the cache of casted weights.
KT_API int32_t kt_autocast_nesting(int32_t enter);
