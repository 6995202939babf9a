#include "guard.h"
#include "kdr_autograd.h"

#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/autograd.h>

using namespace kt;

int32_t kt_autograd_requires_grad(void* self) { KT_GUARD("requires_grad", (self), 0, return ten(self).requires_grad()) }
int32_t kt_autograd_set_requires_grad(void* self, int32_t requires_grad) {
  KT_STATUS("requires_grad_", (self), ten(self).requires_grad_(requires_grad != 0))
}
int32_t kt_autograd_is_leaf(void* self) { KT_GUARD("is_leaf", (self), 0, return ten(self).is_leaf()) }

int32_t kt_autograd_grad_of(void* self, void** grad) {
  KT_STATUS("grad", (self), const at::Tensor g = ten(self).grad(); *grad = g.defined() ? own(g) : nullptr)
}
int32_t kt_autograd_set_grad(void* self, void* grad) {
  KT_STATUS("grad", (self, grad), {
    auto& t = ten(self);
    if (grad == nullptr) {
      t.mutable_grad() = at::Tensor();
      return 0;
    }
    auto& g = ten(grad);
    TORCH_CHECK(g.sizes() == t.sizes() && g.scalar_type() == t.scalar_type() && g.device() == t.device(),
      "a gradient has the shape, element type and device of its tensor");
    t.mutable_grad() = g;
  })
}
int32_t kt_autograd_retain_grad(void* self) { KT_STATUS("retain_grad", (self), ten(self).retain_grad()) }
void* kt_autograd_detach(void* self) { KT_TENSOR("detach", (self), ten(self).detach()) }
int32_t kt_autograd_detach_(void* self) { KT_STATUS("detach_", (self), ten(self).detach_()) }

int32_t kt_autograd_backward(void* const* outputs, int64_t count, void* const* grads, int32_t retain_graph, int32_t create_graph, void* const* inputs, int64_t input_count) {
  KT_STATUS("backward", (count > 0 ? outputs[0] : nullptr),
    torch::autograd::backward(tensors(outputs, count), grads == nullptr ? std::vector<at::Tensor>() : tensors(grads, count),
      optional<bool>(retain_graph != 0), create_graph != 0, inputs == nullptr ? std::vector<at::Tensor>() : tensors(inputs, input_count)))
}

int32_t kt_autograd_grad(void* const* outputs, int64_t count, void* const* inputs, int64_t input_count, void* const* grads, int32_t retain_graph, int32_t create_graph, int32_t allow_unused, void** results) {
  KT_STATUS("grad", (count > 0 ? outputs[0] : nullptr, input_count > 0 ? inputs[0] : nullptr), {
    auto list = torch::autograd::grad(tensors(outputs, count), tensors(inputs, input_count),
      grads == nullptr ? std::vector<at::Tensor>() : tensors(grads, count), optional<bool>(retain_graph != 0), create_graph != 0, allow_unused != 0);
    for (size_t i = 0; i < list.size(); i++) results[i] = list[i].defined() ? own(std::move(list[i])) : nullptr;
  })
}

int32_t kt_autograd_grad_enabled() { return c10::GradMode::is_enabled(); }
int32_t kt_autograd_set_grad_enabled(int32_t enabled) { KT_STATUS("set_grad_enabled", (), c10::GradMode::set_enabled(enabled != 0)) }
void* kt_autograd_inference_begin(int32_t mode) { KT_GUARD("inference_mode", (), nullptr, return new c10::InferenceMode(mode != 0)) }
void kt_autograd_inference_end(void* guard) { delete static_cast<c10::InferenceMode*>(guard); }
int32_t kt_autograd_inference_enabled() { return c10::InferenceMode::is_enabled(); }
int32_t kt_autograd_anomaly_enabled() { return torch::autograd::AnomalyMode::is_enabled(); }
int32_t kt_autograd_anomaly_check_nan() { return torch::autograd::AnomalyMode::should_check_nan(); }
int32_t kt_autograd_set_anomaly(int32_t enabled, int32_t check_nan) {
  KT_STATUS("detect_anomaly", (), torch::autograd::AnomalyMode::set_enabled(enabled != 0, check_nan != 0))
}
