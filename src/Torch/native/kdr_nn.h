// Network functions and optimizers.
#pragma once
#include "kdr_torch.h"

// --- network functions. A null weight, bias or statistic is "none" ---
KT_API void* kt_nn_conv2d(void* input, void* weight, void* bias, const int64_t* stride, const int64_t* padding, const int64_t* dilation, int64_t groups);
KT_API void* kt_nn_linear(void* input, void* weight, void* bias);
// num_batches_tracked (int64 scalar) is raised by one when given.
KT_API void* kt_nn_batch_norm(void* input, void* weight, void* bias, void* running_mean, void* running_var, void* num_batches_tracked,
                              int32_t training, double momentum, double eps);
KT_API void* kt_nn_dropout(void* input, double p, int32_t training);
KT_API int32_t kt_nn_dropout_(void* input, double p, int32_t training);
KT_API void* kt_nn_avg_pool2d(void* input, const int64_t* kernel, const int64_t* stride, const int64_t* padding, int32_t ceil_mode,
                              int32_t count_include_pad, int64_t divisor_override);
KT_API void* kt_nn_adaptive_avg_pool2d(void* input, const int64_t* output_size);
KT_API void* kt_nn_max_pool2d(void* input, const int64_t* kernel, const int64_t* stride, const int64_t* padding, const int64_t* dilation, int32_t ceil_mode);
// mode: constant, reflect, replicate or circular. pad: pairs (before, after), last dimension first.
KT_API void* kt_nn_pad(void* input, const int64_t* pad, int64_t count, const char* mode, double value);
KT_API void* kt_nn_one_hot(void* labels, int64_t classes);
// kind: 0 nearest, 1 bilinear, 2 bicubic. scales is null or the factors of height and width.
KT_API void* kt_nn_upsample2d(void* input, const int64_t* output_size, int32_t kind, int32_t align_corners, int32_t antialias, const double* scales);

// --- losses. reduction: 0 none, 1 mean, 2 sum ---
KT_API void* kt_nn_cross_entropy(void* input, void* target, void* weight, int64_t reduction, int64_t ignore_index, double label_smoothing);
KT_API void* kt_nn_nll_loss(void* input, void* target, void* weight, int64_t reduction, int64_t ignore_index);
KT_API void* kt_nn_kl_div(void* input, void* target, int64_t reduction, int32_t log_target);
KT_API void* kt_nn_mse_loss(void* input, void* target, int64_t reduction);

// --- parameters ---
// A new leaf on the storage of data.
KT_API void* kt_nn_leaf(void* data, int32_t requires_grad);
// Makes self take type, device and storage of data, and stay the same tensor for autograd and optimizers.
KT_API int32_t kt_nn_set_data(void* self, void* data);
// Drops the gradients, or fills them with zero.
KT_API int32_t kt_nn_clear_gradients(void* const* parameters, int64_t count, int32_t set_to_none);
// Scales all gradients so that their joint norm is at most max_norm. norm: the joint norm before.
KT_API int32_t kt_nn_clip_grad_norm_(void* const* parameters, int64_t count, double max_norm, double norm_type, double* norm);

// --- optimizers: one step over a group of parameters; those without a gradient are left alone ---
// momentum_buffers: in and out. A null entry is made (and then owned by the caller) when the parameter has a gradient.
KT_API int32_t kt_optim_sgd_step(void* const* parameters, void** momentum_buffers, int64_t count, double lr, double momentum,
                                 double dampening, double weight_decay, int32_t nesterov, int32_t maximize);
// steps: in and out, raised by one where there is a gradient. max_exp_avg_sqs is null unless amsgrad.
// decoupled: 1 is AdamW (the weights decay by themselves), 0 is Adam (the decay is part of the gradient).
KT_API int32_t kt_optim_adam_step(void* const* parameters, void* const* exp_avgs, void* const* exp_avg_sqs, void* const* max_exp_avg_sqs,
                                  int64_t* steps, int64_t count, double lr, double beta1, double beta2, double eps, double weight_decay,
                                  int32_t decoupled, int32_t maximize);
