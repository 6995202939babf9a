// Autograd: gradients, modes, functions written in the managed half.
#pragma once
#include "kdr_torch.h"

KT_API int32_t kt_autograd_requires_grad(void* self);
KT_API int32_t kt_autograd_set_requires_grad(void* self, int32_t requires_grad);
KT_API int32_t kt_autograd_is_leaf(void* self);
// *grad is null when there is none.
KT_API int32_t kt_autograd_grad_of(void* self, void** grad);
// grad may be null.
KT_API int32_t kt_autograd_set_grad(void* self, void* grad);
KT_API int32_t kt_autograd_retain_grad(void* self);
KT_API void* kt_autograd_detach(void* self);
KT_API int32_t kt_autograd_detach_(void* self);

// grads: null, or one handle a tensor of which each may be null. inputs: null for all leaves.
KT_API int32_t kt_autograd_backward(void* const* tensors, int64_t count, void* const* grads, int32_t retain_graph, int32_t create_graph, void* const* inputs, int64_t input_count);
// results: one handle an input; null where the input was not used and allow_unused is set.
KT_API int32_t kt_autograd_grad(void* const* outputs, int64_t count, void* const* inputs, int64_t input_count, void* const* grads, int32_t retain_graph, int32_t create_graph, int32_t allow_unused, void** results);

KT_API int32_t kt_autograd_grad_enabled(void);
KT_API int32_t kt_autograd_set_grad_enabled(int32_t enabled);
// A guard of the calling thread: end it with kt_autograd_inference_end on the same thread, innermost first.
KT_API void* kt_autograd_inference_begin(int32_t mode);
KT_API void kt_autograd_inference_end(void* guard);
KT_API int32_t kt_autograd_inference_enabled(void);
KT_API int32_t kt_autograd_anomaly_enabled(void);
KT_API int32_t kt_autograd_anomaly_check_nan(void);
KT_API int32_t kt_autograd_set_anomaly(int32_t enabled, int32_t check_nan);

// A function whose forward and backward are managed code. `managed` identifies one application of it.
// Inside the callbacks `context` is the AutogradContext. A callback that failed returns nonzero after kt_autograd_callback_failed.
// The callbacks own the handle of grad_output (null: none), and give away those they return.
typedef struct kt_function {
  // One result into *output.
  int32_t (*forward)(void* managed, void* context, void** output);
  // gradients: `count` places, null for none.
  int32_t (*backward)(void* managed, void* context, void* grad_output, void** gradients, int64_t count);
  // The graph has let go of the function: `managed` may be freed.
  void (*release)(void* managed);
} kt_function;
// inputs: the tensor arguments, in order. Returns the output, connected to them.
KT_API void* kt_autograd_apply(const char* name, const kt_function* function, void* managed, void* const* inputs, int64_t count);
// Text of a failed callback's exception, on its thread, before it returns.
KT_API void kt_autograd_callback_failed(const char* message);
KT_API int32_t kt_autograd_save_for_backward(void* context, void* const* tensors, int64_t count);
KT_API int64_t kt_autograd_saved_count(void* context);
KT_API int32_t kt_autograd_saved(void* context, void** tensors, int64_t capacity);
KT_API int32_t kt_autograd_mark_dirty(void* context, void* const* tensors, int64_t count);
KT_API int32_t kt_autograd_mark_non_differentiable(void* context, void* const* tensors, int64_t count);
KT_API int32_t kt_autograd_set_materialize_grads(void* context, int32_t value);
