// Functions whose forward and backward are managed code, as one torch::autograd::Function for all of them.
#include "guard.h"
#include "kdr_autograd.h"

#include <torch/csrc/autograd/custom_function.h>

#include <memory>

using namespace kt;

namespace {
thread_local std::string callback_message;

// Lives in the graph; tells the managed half when the graph is gone.
struct Application : torch::CustomClassHolder {
  Application(const kt_function& function, void* managed, std::string name) : function(function), managed(managed), name(std::move(name)) {}
  ~Application() override { function.release(managed); }
  kt_function function;
  void* managed;
  std::string name;
};

[[noreturn]] void raise(const Application& application, const char* part) {
  std::string message = std::move(callback_message);
  callback_message.clear();
  throw std::runtime_error(application.name + "." + part + ": " + message);
}

struct ManagedFunction : torch::autograd::Function<ManagedFunction> {
  // Only a TensorList makes libtorch see the tensors in it as inputs; a vector would be one opaque argument.
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, c10::intrusive_ptr<Application> application, at::TensorList inputs) {
    void* output = nullptr;
    if (application->function.forward(application->managed, ctx, &output) != 0) raise(*application, "forward");
    TORCH_CHECK(output != nullptr, "forward returned no tensor");
    const std::unique_ptr<at::Tensor> owned(static_cast<at::Tensor*>(output));
    ctx->saved_data["inputs"] = static_cast<int64_t>(inputs.size());
    ctx->saved_data["application"] = c10::IValue::make_capsule(application);
    return *owned;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    const auto capsule = ctx->saved_data["application"].toCapsule();
    const auto& application = static_cast<const Application&>(*capsule);
    const int64_t count = ctx->saved_data["inputs"].toInt();
    std::vector<void*> gradients(count, nullptr);
    void* grad = grads[0].defined() ? own(grads[0]) : nullptr;
    const int32_t failed = application.function.backward(application.managed, ctx, grad, gradients.data(), count);
    torch::autograd::variable_list results;
    results.reserve(count + 1);
    results.emplace_back();  // the application, the first argument of forward, has none
    for (void* gradient : gradients) {
      const std::unique_ptr<at::Tensor> owned(static_cast<at::Tensor*>(gradient));
      results.push_back(owned == nullptr ? at::Tensor() : *owned);
    }
    if (failed != 0) raise(application, "backward");
    return results;
  }
};

torch::autograd::AutogradContext& context_of(void* context) {
  TORCH_CHECK(context != nullptr, "the context of a function is valid only inside its forward and backward");
  return *static_cast<torch::autograd::AutogradContext*>(context);
}
}  // namespace

void* kt_autograd_apply(const char* name, const kt_function* function, void* managed, void* const* inputs, int64_t count) {
  try {
    auto application = c10::make_intrusive<Application>(*function, managed, name);
    const auto list = tensors(inputs, count);
    return own(ManagedFunction::apply(std::move(application), at::TensorList(list)));
  } catch (...) {
    fail("apply", count > 0 ? describe(inputs[0]) : std::string());
    return nullptr;
  }
}

void kt_autograd_callback_failed(const char* message) { callback_message = message; }

int32_t kt_autograd_save_for_backward(void* context, void* const* list, int64_t count) {
  KT_STATUS("save_for_backward", (), context_of(context).save_for_backward(tensors(list, count)))
}
int64_t kt_autograd_saved_count(void* context) {
  KT_GUARD("get_saved_variables", (), -1, return static_cast<int64_t>(context_of(context).get_saved_variables().size()))
}
int32_t kt_autograd_saved(void* context, void** list, int64_t capacity) {
  KT_STATUS("get_saved_variables", (), {
    auto saved = context_of(context).get_saved_variables();
    TORCH_CHECK(static_cast<int64_t>(saved.size()) == capacity, "the number of saved tensors changed");
    for (size_t i = 0; i < saved.size(); i++) list[i] = saved[i].defined() ? own(std::move(saved[i])) : nullptr;
  })
}
int32_t kt_autograd_mark_dirty(void* context, void* const* list, int64_t count) {
  KT_STATUS("mark_dirty", (), context_of(context).mark_dirty(tensors(list, count)))
}
int32_t kt_autograd_mark_non_differentiable(void* context, void* const* list, int64_t count) {
  KT_STATUS("mark_non_differentiable", (), context_of(context).mark_non_differentiable(tensors(list, count)))
}
int32_t kt_autograd_set_materialize_grads(void* context, int32_t value) {
  KT_STATUS("set_materialize_grads", (), context_of(context).set_materialize_grads(value != 0))
}
