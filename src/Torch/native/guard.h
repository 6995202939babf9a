// What every function of the ABI is wrapped in, and the translation between the ABI's types and ATen's.
#pragma once
#include "kdr_torch.h"

#include <ATen/ATen.h>
#include <torch/version.h>

#include <bit>
#include <string>
#include <vector>

#define KT_TORCH (TORCH_VERSION_MAJOR * 100 + TORCH_VERSION_MINOR)

namespace kt {

template <class T>
using optional = c10::optional<T>;

// Called inside a catch block: keeps "op(arguments): message" of the exception in flight for kt_last_error.
void fail(const char* op, const std::string& arguments) noexcept;

// "float32[2, 3], int64[2]" of the arguments; never throws.
std::string describe_tensors(std::initializer_list<const void*> tensors) noexcept;

template <class... Pointers>
std::string describe(Pointers... tensors) noexcept {
  return describe_tensors({static_cast<const void*>(tensors)...});
}

inline at::Tensor& ten(void* handle) {
  TORCH_CHECK(handle != nullptr, "a tensor argument is missing");
  return *static_cast<at::Tensor*>(handle);
}

inline optional<at::Tensor> opt(void* handle) {
  return handle == nullptr ? optional<at::Tensor>() : optional<at::Tensor>(*static_cast<at::Tensor*>(handle));
}

inline std::vector<at::Tensor> tensors(void* const* handles, int64_t count) {
  std::vector<at::Tensor> list;
  list.reserve(count);
  for (int64_t i = 0; i < count; i++) list.push_back(handles[i] == nullptr ? at::Tensor() : ten(handles[i]));
  return list;
}

inline at::Scalar num(kt_scalar s) {
  switch (s.kind) {
    case 1: return at::Scalar(s.bits != 0);
    case 2: return at::Scalar(s.bits);
    case 3: return at::Scalar(std::bit_cast<double>(s.bits));
    default: TORCH_CHECK(false, "a number is missing");
  }
}

inline optional<at::Scalar> opt_num(kt_scalar s) { return s.kind == 0 ? optional<at::Scalar>() : optional<at::Scalar>(num(s)); }

inline at::IntArrayRef ints(const int64_t* values, int64_t count) { return at::IntArrayRef(values, count); }

inline optional<at::IntArrayRef> opt_ints(const int64_t* values, int64_t count) {
  return values == nullptr ? optional<at::IntArrayRef>() : optional<at::IntArrayRef>(at::IntArrayRef(values, count));
}

inline optional<at::ScalarType> opt_dtype(int32_t dtype) {
  return dtype < 0 ? optional<at::ScalarType>() : optional<at::ScalarType>(static_cast<at::ScalarType>(dtype));
}

// Where there is no GPU, tests may let another device type stand in for CUDA (tests/StandIn).
#ifdef KT_STAND_IN
constexpr auto cuda_type = at::DeviceType::PrivateUse1;
#else
constexpr auto cuda_type = at::DeviceType::CUDA;
#endif

inline int32_t device_type(at::DeviceType type) { return static_cast<int32_t>(type == cuda_type ? at::DeviceType::CUDA : type); }

inline at::Device device(int32_t type, int32_t index) {
  if (static_cast<at::DeviceType>(type) == at::DeviceType::CUDA) return at::Device(cuda_type, static_cast<c10::DeviceIndex>(index));
  return at::Device(static_cast<at::DeviceType>(type), static_cast<c10::DeviceIndex>(index));
}

inline at::TensorOptions options(int32_t dtype, int32_t device_type, int32_t device_index) {
  at::TensorOptions o;
  if (dtype >= 0) o = o.dtype(static_cast<at::ScalarType>(dtype));
  if (device_type >= 0) o = o.device(device(device_type, device_index));
  return o;
}

inline optional<at::Generator> generator(void* handle) {
  return handle == nullptr ? optional<at::Generator>() : optional<at::Generator>(*static_cast<at::Generator*>(handle));
}

inline void* own(at::Tensor t) { return new at::Tensor(std::move(t)); }

}  // namespace kt

// The one guard. `tensors` is the parenthesised list of tensor arguments, described only when something was thrown.
#define KT_GUARD(op, tensors, failure, ...) \
  try {                                     \
    __VA_ARGS__;                            \
  } catch (...) {                           \
    kt::fail(op, kt::describe tensors);     \
    return failure;                         \
  }

// Body of a function that returns the tensor of an expression.
#define KT_TENSOR(op, tensors, ...) KT_GUARD(op, tensors, nullptr, return kt::own(__VA_ARGS__))

// Body of a function that returns 0 when its statements ran.
#define KT_STATUS(op, tensors, ...) KT_GUARD(op, tensors, 1, __VA_ARGS__; return 0)
