// A device that stands in for CUDA where there is no GPU: libtorch's spare device type (PrivateUse1) over host memory.
// Values are the CPU's. What is a GPU's: tensors, generators and indices of two devices are refused, host code cannot read
// a tensor's memory, and backward runs on a thread of its own. Compiled into the library by -DKDR_STAND_IN; tests only.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/NativeFunctions.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <set>
#include <string>

namespace {

constexpr auto kStandIn = c10::DeviceType::PrivateUse1;
const c10::Device place(kStandIn, 0);

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return kStandIn; }
  c10::Device exchangeDevice(c10::Device) const override { return place; }
  c10::Device getDevice() const override { return place; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device) const noexcept override { return c10::Stream(c10::Stream::DEFAULT, place); }
  c10::Stream exchangeStream(c10::Stream) const noexcept override { return c10::Stream(c10::Stream::DEFAULT, place); }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override {}
  void record(void**, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const c10::DeviceIndex) const noexcept override {}
};
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

struct Memory final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) const override {
    auto host = c10::GetCPUAllocator()->allocate(bytes);
    void* data = host.get();
    void* context = host.release_context();
    return {data, context, c10::GetCPUAllocator()->raw_deleter(), place};
  }
  c10::DeleterFnPtr raw_deleter() const override { return c10::GetCPUAllocator()->raw_deleter(); }
};
Memory memory;

const c10::DispatchKeySet keys(c10::DispatchKey::PrivateUse1);

at::Tensor empty(c10::SymIntArrayRef size, c10::optional<at::ScalarType> dtype, c10::optional<at::Layout>, c10::optional<at::Device>,
                 c10::optional<bool>, c10::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(c10::asIntArrayRefSlow(size), &memory, keys, c10::dtype_or_default(dtype), format);
}

at::Tensor empty_strided(c10::SymIntArrayRef size, c10::SymIntArrayRef stride, c10::optional<at::ScalarType> dtype, c10::optional<at::Layout>,
                         c10::optional<at::Device>, c10::optional<bool>) {
  return at::detail::empty_strided_generic(c10::asIntArrayRefSlow(size), c10::asIntArrayRefSlow(stride), &memory, keys, c10::dtype_or_default(dtype));
}

bool here(const at::Tensor& t) { return t.defined() && t.device().type() == kStandIn; }

// The same memory as a CPU tensor.
at::Tensor host(const at::Tensor& t) {
  if (!here(t)) return t;
  const auto options = at::TensorOptions().dtype(t.scalar_type());
  if (t.numel() == 0) return at::empty_strided(t.sizes(), t.strides(), options);
  return at::from_blob(t.data_ptr(), t.sizes(), t.strides(), options);
}

void replace(const at::Tensor& target, const at::Tensor& values) {
  if (target.sizes() != values.sizes()) at::native::resize_(target, values.sizes());
  host(target).copy_(values);
}

at::Tensor device(const at::Tensor& t) {
  if (!t.defined() || here(t)) return t;
  auto result = at::empty_strided(t.sizes(), t.strides(), t.options().device(place));
  if (t.numel() > 0) host(result).copy_(t);
  return result;
}

at::Tensor copy_from(const at::Tensor& self, const at::Tensor& target, bool) {
  host(target).copy_(host(self));
  return target;
}

at::Tensor copy_from_and_resize(const at::Tensor& self, const at::Tensor& target) {
  replace(target, host(self));
  return target;
}

const at::Tensor& resize(const at::Tensor& self, c10::SymIntArrayRef size, c10::optional<at::MemoryFormat> format) {
  return at::native::resize_(self, c10::asIntArrayRefSlow(size), format);
}

at::Tensor view(const at::Tensor& self, c10::SymIntArrayRef size) { return at::native::view(self, c10::asIntArrayRefSlow(size)); }
at::Tensor as_strided(const at::Tensor& self, c10::SymIntArrayRef size, c10::SymIntArrayRef stride, c10::optional<c10::SymInt> offset) {
  return at::native::as_strided_tensorimpl(self, c10::asIntArrayRefSlow(size), c10::asIntArrayRefSlow(stride),
    offset.has_value() ? c10::optional<int64_t>(offset->expect_int()) : c10::nullopt);
}
at::Tensor unfold(const at::Tensor& self, int64_t dimension, int64_t size, int64_t step) { return at::native::unfold(self, dimension, size, step); }
at::Tensor reshape_alias(const at::Tensor& self, c10::SymIntArrayRef size, c10::SymIntArrayRef stride) {
  return at::native::_reshape_alias(self, c10::asIntArrayRefSlow(size), c10::asIntArrayRefSlow(stride));
}

void check_one_device(const std::vector<at::Tensor>& tensors, const std::string& name) {
  // As on CUDA: a number in a CPU tensor goes along, and positions may lie on the CPU.
  if (name == "aten::index" || name == "aten::index_put_" || name == "aten::_index_put_impl_") return;
  bool device = false, cpu = false;
  for (const auto& t : tensors) {
    if (!t.defined()) continue;
    if (here(t)) device = true;
    else if (t.dim() > 0) cpu = true;
  }
  TORCH_CHECK(!(device && cpu), "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!");
}

// A stream of numbers that belongs to the device: the CPU's, but no CPU tensor may be filled from it, nor the other way round.
struct StandInGenerator final : c10::GeneratorImpl {
  explicit StandInGenerator(at::Generator inner) : GeneratorImpl(place, keys), inner(std::move(inner)) {}
  void set_current_seed(uint64_t seed) override { inner.set_current_seed(seed); }
  uint64_t current_seed() const override { return inner.current_seed(); }
  uint64_t seed() override { return inner.seed(); }
  void set_state(const c10::TensorImpl& state) override { inner.unsafeGetGeneratorImpl()->set_state(state); }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override { return inner.unsafeGetGeneratorImpl()->get_state(); }
  GeneratorImpl* clone_impl() const override { return new StandInGenerator(inner.clone()); }
  at::Generator inner;
};

// Any operation: the CPU's, on the same memory.
void on_host(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto& schema = op.schema();
  const auto count = schema.arguments().size();
  const auto begin = stack->size() - count;
  std::vector<at::Tensor> tensors;
  std::vector<std::pair<at::Tensor, at::Tensor>> written;  // ours, its host twin
  // An "out" tensor may be given another size on the way, which borrowed memory cannot.
  const bool resizes = schema.overload_name().find("out") != std::string::npos;
  const auto twin = [&](const at::Tensor& t, bool writes) {
    tensors.push_back(t);
    auto h = writes && resizes && here(t) ? host(t).clone() : host(t);
    if (writes && here(t)) written.emplace_back(t, h);
    return h;
  };
  for (size_t i = 0; i < count; i++) {
    auto& value = (*stack)[begin + i];
    const auto* alias = schema.arguments()[i].alias_info();
    const bool writes = alias != nullptr && alias->isWrite();
    if (value.isTensor()) {
      value = twin(value.toTensor(), writes);
    } else if (value.isTensorList()) {
      std::vector<at::Tensor> list;
      for (const at::Tensor& t : value.toTensorVector()) list.push_back(twin(t, writes));
      value = list;
    } else if (value.isOptionalTensorList()) {
      c10::List<c10::optional<at::Tensor>> list;
      for (const c10::optional<at::Tensor>& t : value.toOptionalTensorVector()) list.push_back(t.has_value() ? c10::make_optional(twin(*t, writes)) : c10::nullopt);
      value = list;
    } else if (value.isDevice()) {
      value = c10::Device(c10::kCPU);
    } else if (value.isGenerator()) {
      auto* own = dynamic_cast<StandInGenerator*>(value.toGenerator().unsafeGetGeneratorImpl());
      TORCH_CHECK(own != nullptr, "Expected a 'cuda' device type for generator but found 'cpu'");
      value = own->inner;
    }
  }
  check_one_device(tensors, schema.name());
  op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), stack);

  const auto back = [&](const at::Tensor& t) {
    for (const auto& [ours, theirs] : written)
      if (theirs.is_same(t)) {
        if (theirs.sizes() != ours.sizes() || (theirs.numel() > 0 && theirs.data_ptr() != ours.data_ptr())) replace(ours, theirs);
        return ours;
      }
    return device(t);
  };
  const auto results = schema.returns().size();
  for (size_t i = stack->size() - results; i < stack->size(); i++) {
    auto& value = (*stack)[i];
    if (value.isTensor()) {
      value = back(value.toTensor());
    } else if (value.isTensorList()) {
      std::vector<at::Tensor> list;
      for (const at::Tensor& t : value.toTensorVector()) list.push_back(back(t));
      value = list;
    }
  }
}

at::Tensor convolution(const at::Tensor& input, const at::Tensor& weight, const c10::optional<at::Tensor>& bias, at::IntArrayRef stride, at::IntArrayRef padding,
                       at::IntArrayRef dilation, bool transposed, at::IntArrayRef output_padding, int64_t groups) {
  check_one_device({input, weight}, "convolution");
  const auto shift = bias.has_value() ? c10::optional<at::Tensor>(host(*bias)) : c10::nullopt;
  return device(at::convolution(host(input), host(weight), shift, stride, padding, dilation, transposed, output_padding, groups));
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(
    const at::Tensor& grad, const at::Tensor& input, const at::Tensor& weight, at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation,
    bool transposed, at::IntArrayRef output_padding, int64_t groups, std::array<bool, 3> mask) {
  const int64_t channels = weight.size(transposed ? 1 : 0);
  auto [a, b, c] = at::convolution_backward(
    host(grad), host(input), host(weight), at::IntArrayRef(&channels, 1), stride, padding, dilation, transposed, output_padding, groups, mask);
  return {device(a), device(b), device(c)};
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&on_host>()); }

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", TORCH_FN(empty));
  m.impl("empty_strided", TORCH_FN(empty_strided));
  m.impl("_copy_from", TORCH_FN(copy_from));
  m.impl("_copy_from_and_resize", TORCH_FN(copy_from_and_resize));
  m.impl("resize_", TORCH_FN(resize));
  m.impl("view", TORCH_FN(view));
  m.impl("as_strided", TORCH_FN(as_strided));
  m.impl("unfold", TORCH_FN(unfold));
  m.impl("_reshape_alias", TORCH_FN(reshape_alias));
  m.impl("convolution_overrideable", TORCH_FN(convolution));
  m.impl("convolution_backward_overrideable", TORCH_FN(convolution_backward));
}

}  // namespace

at::Generator kt_stand_in_generator(uint64_t seed) { return at::make_generator<StandInGenerator>(at::detail::createCPUGenerator(seed)); }
