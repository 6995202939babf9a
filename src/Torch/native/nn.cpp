// Network functions, losses, and what modules need of their parameters.
#include "guard.h"
#include "kdr_nn.h"

#include <ATen/core/grad_mode.h>

#include <cmath>

using namespace kt;

void* kt_nn_conv2d(void* input, void* weight, void* bias, const int64_t* stride, const int64_t* padding, const int64_t* dilation, int64_t groups) {
  KT_TENSOR("conv2d", (input, weight, bias),
            at::conv2d(ten(input), ten(weight), opt(bias), ints(stride, 2), ints(padding, 2), ints(dilation, 2), groups))
}

void* kt_nn_linear(void* input, void* weight, void* bias) {
  KT_TENSOR("linear", (input, weight, bias), at::linear(ten(input), ten(weight), opt(bias)))
}

void* kt_nn_batch_norm(void* input, void* weight, void* bias, void* running_mean, void* running_var, void* num_batches_tracked,
                       int32_t training, double momentum, double eps) {
  KT_GUARD("batch_norm", (input, weight, bias, running_mean, running_var), nullptr,
    if (num_batches_tracked != nullptr) ten(num_batches_tracked).add_(1);
    const at::Tensor& x = ten(input);
    if (training) TORCH_CHECK(x.numel() > x.size(1), "expected more than 1 value per channel when training");
    return own(at::batch_norm(x, opt(weight), opt(bias), opt(running_mean), opt(running_var), training != 0, momentum, eps,
                              at::globalContext().userEnabledCuDNN())))
}

void* kt_nn_dropout(void* input, double p, int32_t training) { KT_TENSOR("dropout", (input), at::dropout(ten(input), p, training != 0)) }
int32_t kt_nn_dropout_(void* input, double p, int32_t training) { KT_STATUS("dropout_", (input), at::dropout_(ten(input), p, training != 0)) }

void* kt_nn_avg_pool2d(void* input, const int64_t* kernel, const int64_t* stride, const int64_t* padding, int32_t ceil_mode,
                       int32_t count_include_pad, int64_t divisor_override) {
  KT_TENSOR("avg_pool2d", (input),
            at::avg_pool2d(ten(input), ints(kernel, 2), ints(stride, 2), ints(padding, 2), ceil_mode != 0, count_include_pad != 0,
                           divisor_override == 0 ? optional<int64_t>() : optional<int64_t>(divisor_override)))
}

void* kt_nn_adaptive_avg_pool2d(void* input, const int64_t* output_size) {
  KT_TENSOR("adaptive_avg_pool2d", (input), at::adaptive_avg_pool2d(ten(input), ints(output_size, 2)))
}

void* kt_nn_max_pool2d(void* input, const int64_t* kernel, const int64_t* stride, const int64_t* padding, const int64_t* dilation, int32_t ceil_mode) {
  KT_TENSOR("max_pool2d", (input),
            at::max_pool2d(ten(input), ints(kernel, 2), ints(stride, 2), ints(padding, 2), ints(dilation, 2), ceil_mode != 0))
}

void* kt_nn_pad(void* input, const int64_t* pad, int64_t count, const char* mode, double value) {
  KT_GUARD("pad", (input), nullptr,
    const std::string name(mode);
    return own(name == "constant" ? at::constant_pad_nd(ten(input), ints(pad, count), value) : at::pad(ten(input), ints(pad, count), name)))
}

void* kt_nn_one_hot(void* labels, int64_t classes) { KT_TENSOR("one_hot", (labels), at::one_hot(ten(labels), classes)) }

void* kt_nn_upsample2d(void* input, const int64_t* output_size, int32_t kind, int32_t align_corners, int32_t antialias, const double* scales) {
  KT_GUARD("interpolate", (input), nullptr,
    const at::Tensor& x = ten(input);
    const auto size = ints(output_size, 2);
    const auto scale_h = scales == nullptr ? optional<double>() : optional<double>(scales[0]);
    const auto scale_w = scales == nullptr ? optional<double>() : optional<double>(scales[1]);
    const bool corners = align_corners != 0;
    switch (kind) {
      case 0: return own(at::upsample_nearest2d(x, size, scale_h, scale_w));
      case 1: return own(antialias ? at::_upsample_bilinear2d_aa(x, size, corners, scale_h, scale_w) : at::upsample_bilinear2d(x, size, corners, scale_h, scale_w));
      case 2: return own(antialias ? at::_upsample_bicubic2d_aa(x, size, corners, scale_h, scale_w) : at::upsample_bicubic2d(x, size, corners, scale_h, scale_w));
      default: TORCH_CHECK(false, "unknown kind of interpolation ", kind);
    })
}

void* kt_nn_cross_entropy(void* input, void* target, void* weight, int64_t reduction, int64_t ignore_index, double label_smoothing) {
  KT_TENSOR("cross_entropy", (input, target, weight),
            at::cross_entropy_loss(ten(input), ten(target), opt(weight), reduction, ignore_index, label_smoothing))
}

void* kt_nn_nll_loss(void* input, void* target, void* weight, int64_t reduction, int64_t ignore_index) {
  KT_TENSOR("nll_loss", (input, target, weight), at::nll_loss_nd(ten(input), ten(target), opt(weight), reduction, ignore_index))
}

void* kt_nn_kl_div(void* input, void* target, int64_t reduction, int32_t log_target) {
  KT_TENSOR("kl_div", (input, target), at::kl_div(ten(input), ten(target), reduction, log_target != 0))
}

void* kt_nn_mse_loss(void* input, void* target, int64_t reduction) {
  KT_TENSOR("mse_loss", (input, target), at::mse_loss(ten(input), ten(target), reduction))
}

void* kt_nn_leaf(void* data, int32_t requires_grad) {
  KT_TENSOR("Parameter", (data), ten(data).detach().set_requires_grad(requires_grad != 0))
}

int32_t kt_nn_set_data(void* self, void* data) {
  KT_STATUS("Module.to", (self, data), ten(self).set_data(ten(data).detach()))
}

int32_t kt_nn_clear_gradients(void* const* parameters, int64_t count, int32_t set_to_none) {
  int64_t i = 0;
  KT_GUARD("zero_grad", (i < count ? parameters[i] : nullptr), 1,
    for (; i < count; i++) {
      at::Tensor& gradient = ten(parameters[i]).mutable_grad();
      if (!gradient.defined()) continue;
      if (set_to_none) gradient.reset();
      else gradient.detach_().zero_();
    }
    return 0)
}

int32_t kt_nn_clip_grad_norm_(void* const* parameters, int64_t count, double max_norm, double norm_type, double* norm) {
  KT_GUARD("clip_grad_norm_", (count > 0 ? parameters[0] : nullptr), 1,
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> gradients;
    for (int64_t p = 0; p < count; p++) {
      const at::Tensor& gradient = ten(parameters[p]).grad();
      if (gradient.defined()) gradients.push_back(gradient);
    }
    *norm = 0;
    if (gradients.empty()) return 0;

    // The order of PyTorch's own function: norms of the tensors, then the norm of these.
    const at::Device home = gradients[0].device();
    std::vector<at::Tensor> norms;
    for (const at::Tensor& gradient : gradients) {
      std::vector<int64_t> all(gradient.dim());
      for (int64_t d = 0; d < gradient.dim(); d++) all[d] = d;
      norms.push_back((std::isinf(norm_type) ? gradient.abs().max() : at::norm(gradient, norm_type, all, false)).to(home));
    }
    at::Tensor stacked = at::stack(norms);
    at::Tensor total = std::isinf(norm_type) ? stacked.max() : at::norm(stacked, norm_type, {0}, false);
    at::Tensor factor = at::clamp((total + 1e-6).reciprocal() * max_norm, optional<at::Scalar>(), optional<at::Scalar>(1.0));
    for (at::Tensor& gradient : gradients) gradient.mul_(factor.to(gradient.device()));
    *norm = total.item<double>();
    return 0)
}
