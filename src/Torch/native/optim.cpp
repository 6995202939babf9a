// Optimizer steps, one call per group of parameters. Each is the operation sequence of PyTorch's single-tensor
// reference, so that the weights are bit-equal to it.
#include "guard.h"
#include "kdr_nn.h"

#include <ATen/core/grad_mode.h>

#include <cmath>

using namespace kt;

namespace {
struct SgdOptions {
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize;
};

void sgd_step(at::Tensor& parameter, const at::Tensor& gradient, void*& buffer, const SgdOptions& o) {
  at::Tensor d_p = o.maximize ? -gradient : gradient;
  if (o.weight_decay != 0) d_p = d_p.add(parameter, o.weight_decay);
  if (o.momentum != 0) {
    if (buffer == nullptr) buffer = own(at::clone(d_p).detach());
    else ten(buffer).mul_(o.momentum).add_(d_p, 1 - o.dampening);
    d_p = o.nesterov ? d_p.add(ten(buffer), o.momentum) : ten(buffer);
  }
  parameter.add_(d_p, -o.lr);
}

struct AdamOptions {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled, maximize;
};

void adam_step(at::Tensor& parameter, const at::Tensor& given, at::Tensor& exp_avg, at::Tensor& exp_avg_sq, void* max_exp_avg_sq,
               int64_t step, const AdamOptions& o) {
  at::Tensor gradient = o.maximize ? -given : given;
  if (o.decoupled) parameter.mul_(1 - o.lr * o.weight_decay);
  else if (o.weight_decay != 0) gradient = gradient.add(parameter, o.weight_decay);

  exp_avg.mul_(o.beta1).add_(gradient, 1 - o.beta1);
  exp_avg_sq.mul_(o.beta2).addcmul_(gradient, gradient, 1 - o.beta2);

  const double bias_correction1 = 1 - std::pow(o.beta1, static_cast<double>(step));
  const double bias_correction2 = 1 - std::pow(o.beta2, static_cast<double>(step));
  const at::Tensor* second = &exp_avg_sq;
  if (max_exp_avg_sq != nullptr) {
    at::Tensor& maximum = ten(max_exp_avg_sq);
    at::maximum_out(maximum, maximum, exp_avg_sq);
    second = &maximum;
  }
  at::Tensor denom = second->sqrt().div_(std::sqrt(bias_correction2)).add_(o.eps);
  parameter.addcdiv_(exp_avg, denom, -(o.lr / bias_correction1));
}
}  // namespace

int32_t kt_optim_sgd_step(void* const* parameters, void** momentum_buffers, int64_t count, double lr, double momentum, double dampening,
                          double weight_decay, int32_t nesterov, int32_t maximize) {
  int64_t i = 0;
  KT_GUARD("SGD.step", (i < count ? parameters[i] : nullptr), 1,
    at::NoGradGuard no_grad;
    const SgdOptions options{lr, momentum, dampening, weight_decay, nesterov != 0, maximize != 0};
    for (; i < count; i++) {
      at::Tensor& parameter = ten(parameters[i]);
      const at::Tensor& gradient = parameter.grad();
      if (gradient.defined()) sgd_step(parameter, gradient, momentum_buffers[i], options);
    }
    return 0)
}

int32_t kt_optim_adam_step(void* const* parameters, void* const* exp_avgs, void* const* exp_avg_sqs, void* const* max_exp_avg_sqs,
                           int64_t* steps, int64_t count, double lr, double beta1, double beta2, double eps, double weight_decay,
                           int32_t decoupled, int32_t maximize) {
  int64_t i = 0;
  KT_GUARD(decoupled ? "AdamW.step" : "Adam.step", (i < count ? parameters[i] : nullptr), 1,
    at::NoGradGuard no_grad;
    const AdamOptions options{lr, beta1, beta2, eps, weight_decay, decoupled != 0, maximize != 0};
    for (; i < count; i++) {
      at::Tensor& parameter = ten(parameters[i]);
      const at::Tensor& gradient = parameter.grad();
      if (!gradient.defined()) continue;
      TORCH_CHECK(!gradient.is_sparse(), "sparse gradients are not supported");
      adam_step(parameter, gradient, ten(exp_avgs[i]), ten(exp_avg_sqs[i]), max_exp_avg_sqs == nullptr ? nullptr : max_exp_avg_sqs[i],
                ++steps[i], options);
    }
    return 0)
}
