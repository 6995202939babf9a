// Tensors: life, properties, data, factories, copies.
#include "guard.h"
#include "kdr_tensor.h"

#include <cstring>

using namespace kt;

void kt_tensor_free(void* self) { delete static_cast<at::Tensor*>(self); }
void* kt_tensor_alias(void* self) { KT_TENSOR("alias", (self), ten(self)) }

int64_t kt_tensor_dim(void* self) { return static_cast<at::Tensor*>(self)->dim(); }
int64_t kt_tensor_numel(void* self) { return static_cast<at::Tensor*>(self)->numel(); }
int32_t kt_tensor_dtype(void* self) { return static_cast<int32_t>(static_cast<at::Tensor*>(self)->scalar_type()); }
int64_t kt_tensor_element_size(void* self) { return static_cast<at::Tensor*>(self)->element_size(); }

int32_t kt_tensor_sizes(void* self, int64_t* sizes) {
  KT_STATUS("sizes", (self), auto s = ten(self).sizes(); std::copy(s.begin(), s.end(), sizes))
}

int32_t kt_tensor_strides(void* self, int64_t* strides) {
  KT_STATUS("strides", (self), auto s = ten(self).strides(); std::copy(s.begin(), s.end(), strides))
}

int64_t kt_tensor_size(void* self, int64_t dim) { KT_GUARD("size", (self), INT64_MIN, return ten(self).size(dim)) }

int32_t kt_tensor_device(void* self, int32_t* index) {
  const auto device = static_cast<at::Tensor*>(self)->device();
  *index = device.index();
  return device_type(device.type());
}

int32_t kt_tensor_is_contiguous(void* self, int32_t memory_format) {
  return static_cast<at::Tensor*>(self)->is_contiguous(static_cast<at::MemoryFormat>(memory_format));
}

int32_t kt_tensor_is_pinned(void* self) { KT_GUARD("is_pinned", (self), 0, return ten(self).is_pinned()) }

void* kt_tensor_data(void* self) {
  KT_GUARD("data", (self), nullptr, {
    auto& t = ten(self);
    TORCH_CHECK(t.device().is_cpu(), "the data of a tensor on ", t.device(), " cannot be read from the CPU; call cpu() first");
    return t.data_ptr();
  })
}

int32_t kt_tensor_item(void* self, void* value) {
  KT_STATUS("item", (self), {
    auto& t = ten(self);
    TORCH_CHECK(t.numel() == 1, "only a tensor of one element converts to a number, this one has ", t.numel());
    const at::Tensor host = t.device().is_cpu() ? t : t.detach().to(at::kCPU);
    std::memcpy(value, host.data_ptr(), host.element_size());
  })
}

int32_t kt_tensor_read(void* self, void* target, int64_t bytes) {
  KT_STATUS("read", (self), {
    auto& t = ten(self);
    const int64_t expected = t.numel() * t.element_size();
    TORCH_CHECK(bytes == expected, "the tensor holds ", expected, " bytes, the array ", bytes);
    const at::Tensor host = t.detach().to(at::kCPU).contiguous();
    if (bytes > 0) std::memcpy(target, host.data_ptr(), bytes);
  })
}

int32_t kt_tensor_write(void* self, const void* source, int64_t bytes) {
  KT_STATUS("write", (self), {
    at::Tensor t = ten(self).detach();
    const int64_t expected = t.numel() * t.element_size();
    TORCH_CHECK(bytes == expected, "the tensor holds ", expected, " bytes, the array ", bytes);
    if (bytes == 0) return 0;
    if (t.device().is_cpu() && t.is_contiguous()) {
      std::memcpy(t.data_ptr(), source, bytes);
    } else {
      t.copy_(at::from_blob(const_cast<void*>(source), t.sizes(), at::TensorOptions().dtype(t.scalar_type())));
    }
  })
}

void* kt_tensor_from_blob(void* data, const int64_t* sizes, int64_t dims, int32_t dtype, void (*release)(void*), void* context) {
  KT_TENSOR("from_blob", (), at::from_blob(data, ints(sizes, dims), [release, context](void*) { if (release != nullptr) release(context); },
    at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype))))
}

#define KT_SIZES const int64_t *sizes, int64_t dims
#define KT_OPTIONS int32_t dtype, int32_t device_type, int32_t device_index
#define KT_GIVEN options(dtype, device_type, device_index)
void* kt_tensor_empty(KT_SIZES, KT_OPTIONS) { KT_TENSOR("empty", (), at::empty(ints(sizes, dims), KT_GIVEN)) }
void* kt_tensor_zeros(KT_SIZES, KT_OPTIONS) { KT_TENSOR("zeros", (), at::zeros(ints(sizes, dims), KT_GIVEN)) }
void* kt_tensor_ones(KT_SIZES, KT_OPTIONS) { KT_TENSOR("ones", (), at::ones(ints(sizes, dims), KT_GIVEN)) }
void* kt_tensor_full(KT_SIZES, kt_scalar value, KT_OPTIONS) { KT_TENSOR("full", (), at::full(ints(sizes, dims), num(value), KT_GIVEN)) }
void* kt_tensor_arange(kt_scalar start, kt_scalar stop, kt_scalar step, KT_OPTIONS) { KT_TENSOR("arange", (), at::arange(num(start), num(stop), num(step), KT_GIVEN)) }
void* kt_tensor_linspace(double start, double stop, int64_t steps, KT_OPTIONS) { KT_TENSOR("linspace", (), at::linspace(start, stop, steps, KT_GIVEN)) }
void* kt_tensor_eye(int64_t rows, int64_t columns, KT_OPTIONS) { KT_TENSOR("eye", (), at::eye(rows, columns, KT_GIVEN)) }
void* kt_tensor_scalar(kt_scalar value, KT_OPTIONS) { KT_TENSOR("tensor", (), at::scalar_tensor(num(value), KT_GIVEN)) }
void* kt_tensor_empty_like(void* self, KT_OPTIONS) { KT_TENSOR("empty_like", (self), at::empty_like(ten(self), KT_GIVEN)) }
void* kt_tensor_zeros_like(void* self, KT_OPTIONS) { KT_TENSOR("zeros_like", (self), at::zeros_like(ten(self), KT_GIVEN)) }
void* kt_tensor_ones_like(void* self, KT_OPTIONS) { KT_TENSOR("ones_like", (self), at::ones_like(ten(self), KT_GIVEN)) }
void* kt_tensor_full_like(void* self, kt_scalar value, KT_OPTIONS) { KT_TENSOR("full_like", (self), at::full_like(ten(self), num(value), KT_GIVEN)) }

void* kt_tensor_to(void* self, KT_OPTIONS, int32_t memory_format, int32_t non_blocking, int32_t copy) {
  KT_GUARD("to", (self), nullptr, {
    auto target = KT_GIVEN;
    if (memory_format >= 0) target = target.memory_format(static_cast<at::MemoryFormat>(memory_format));
    return own(ten(self).to(target, non_blocking != 0, copy != 0));
  })
}

void* kt_tensor_contiguous(void* self, int32_t memory_format) {
  KT_TENSOR("contiguous", (self), ten(self).contiguous(static_cast<at::MemoryFormat>(memory_format)))
}
void* kt_tensor_clone(void* self) { KT_TENSOR("clone", (self), ten(self).clone()) }
void* kt_tensor_pin_memory(void* self) { KT_TENSOR("pin_memory", (self), ten(self).pin_memory()) }
int32_t kt_tensor_copy_(void* self, void* source, int32_t non_blocking) {
  KT_STATUS("copy_", (self, source), ten(self).copy_(ten(source), non_blocking != 0))
}
