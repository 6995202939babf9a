// Tensors: life, properties, data, operations.
#pragma once
#include "kdr_torch.h"

// --- life and properties ---
KT_API void kt_tensor_free(void* self);
// A second handle to the same tensor (same storage, same autograd identity).
KT_API void* kt_tensor_alias(void* self);
KT_API int64_t kt_tensor_dim(void* self);
KT_API int64_t kt_tensor_numel(void* self);
KT_API int32_t kt_tensor_sizes(void* self, int64_t* sizes);
KT_API int32_t kt_tensor_strides(void* self, int64_t* strides);
KT_API int64_t kt_tensor_size(void* self, int64_t dim);
KT_API int32_t kt_tensor_dtype(void* self);
// index is -1 for a device type without an index.
KT_API int32_t kt_tensor_device(void* self, int32_t* index);
KT_API int64_t kt_tensor_element_size(void* self);
KT_API int32_t kt_tensor_is_contiguous(void* self, int32_t memory_format);
KT_API int32_t kt_tensor_is_pinned(void* self);

// --- data ---
// Address of the first element; null when the tensor is not on the CPU.
KT_API void* kt_tensor_data(void* self);
// The only element, in its own type, to `value` (16 bytes).
KT_API int32_t kt_tensor_item(void* self, void* value);
// Copies `bytes` bytes between host memory and a tensor of exactly that size, on any device, in row-major order.
KT_API int32_t kt_tensor_read(void* self, void* target, int64_t bytes);
KT_API int32_t kt_tensor_write(void* self, const void* source, int64_t bytes);
// Views memory that belongs to the caller; `release(context)` is called when the last view is gone.
KT_API void* kt_tensor_from_blob(void* data, const int64_t* sizes, int64_t dims, int32_t dtype, void (*release)(void*), void* context);

// --- factories. dtype and device may be -1 (default type, CPU) ---
KT_API void* kt_tensor_empty(const int64_t* sizes, int64_t dims, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_tensor_zeros(const int64_t* sizes, int64_t dims, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_tensor_ones(const int64_t* sizes, int64_t dims, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_tensor_full(const int64_t* sizes, int64_t dims, kt_scalar value, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_tensor_arange(kt_scalar start, kt_scalar stop, kt_scalar step, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_tensor_linspace(double start, double stop, int64_t steps, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_tensor_eye(int64_t rows, int64_t columns, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_tensor_scalar(kt_scalar value, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_tensor_empty_like(void* self, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_tensor_zeros_like(void* self, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_tensor_ones_like(void* self, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_tensor_full_like(void* self, kt_scalar value, int32_t dtype, int32_t device_type, int32_t device_index);

// --- copies and casts. memory_format: c10's number (contiguous 0, preserve 1, channels_last 2) ---
KT_API void* kt_tensor_to(void* self, int32_t dtype, int32_t device_type, int32_t device_index, int32_t memory_format, int32_t non_blocking, int32_t copy);
KT_API void* kt_tensor_contiguous(void* self, int32_t memory_format);
KT_API void* kt_tensor_clone(void* self);
KT_API void* kt_tensor_pin_memory(void* self);
KT_API int32_t kt_tensor_copy_(void* self, void* source, int32_t non_blocking);

// --- elementwise, one argument; each also in place ---
#define KT_UNARY(X) \
  X(abs) X(neg) X(sign) X(sqrt) X(rsqrt) X(square) X(exp) X(expm1) X(log) X(log1p) X(log2) X(sin) X(cos) X(relu) X(sigmoid) X(tanh) \
  X(erf) X(erfc) X(erfinv) X(floor) X(ceil) X(trunc) X(reciprocal) X(logical_not) X(bitwise_not)
#define KT_DECLARE(op) KT_API void* kt_tensor_##op(void* self); KT_API int32_t kt_tensor_##op##_(void* self);
KT_UNARY(KT_DECLARE)
#undef KT_DECLARE
KT_API void* kt_tensor_isnan(void* self);
KT_API void* kt_tensor_isinf(void* self);
KT_API void* kt_tensor_isfinite(void* self);
KT_API void* kt_tensor_round(void* self, int64_t decimals);
KT_API int32_t kt_tensor_round_(void* self, int64_t decimals);

// --- elementwise, two tensors; each also with a number on the right, and in place ---
#define KT_BINARY(X) X(mul) X(eq) X(ne) X(lt) X(le) X(gt) X(ge) X(pow) X(remainder)
#define KT_DECLARE(op)                                                        \
  KT_API void* kt_tensor_##op(void* self, void* other);                       \
  KT_API int32_t kt_tensor_##op##_(void* self, void* other);                  \
  KT_API void* kt_tensor_##op##_scalar(void* self, kt_scalar other);          \
  KT_API int32_t kt_tensor_##op##_scalar_(void* self, kt_scalar other);
KT_BINARY(KT_DECLARE)
#undef KT_DECLARE
// alpha may be none (1).
KT_API void* kt_tensor_add(void* self, void* other, kt_scalar alpha);
KT_API int32_t kt_tensor_add_(void* self, void* other, kt_scalar alpha);
KT_API void* kt_tensor_add_scalar(void* self, kt_scalar other, kt_scalar alpha);
KT_API int32_t kt_tensor_add_scalar_(void* self, kt_scalar other, kt_scalar alpha);
KT_API void* kt_tensor_sub(void* self, void* other, kt_scalar alpha);
KT_API int32_t kt_tensor_sub_(void* self, void* other, kt_scalar alpha);
KT_API void* kt_tensor_sub_scalar(void* self, kt_scalar other, kt_scalar alpha);
KT_API int32_t kt_tensor_sub_scalar_(void* self, kt_scalar other, kt_scalar alpha);
// rounding: 0 true division, 1 towards zero, 2 towards minus infinity
KT_API void* kt_tensor_div(void* self, void* other, int32_t rounding);
KT_API int32_t kt_tensor_div_(void* self, void* other, int32_t rounding);
KT_API void* kt_tensor_div_scalar(void* self, kt_scalar other, int32_t rounding);
KT_API int32_t kt_tensor_div_scalar_(void* self, kt_scalar other, int32_t rounding);
#define KT_PAIR(X) \
  X(maximum) X(minimum) X(logical_and) X(logical_or) X(logical_xor) X(bitwise_and) X(bitwise_or) X(bitwise_xor) X(atan2)
#define KT_DECLARE(op) KT_API void* kt_tensor_##op(void* self, void* other);
KT_PAIR(KT_DECLARE)
#undef KT_DECLARE
// min and max may be none / null, not both.
KT_API void* kt_tensor_clamp(void* self, kt_scalar min, kt_scalar max);
KT_API int32_t kt_tensor_clamp_(void* self, kt_scalar min, kt_scalar max);
KT_API void* kt_tensor_clamp_tensor(void* self, void* min, void* max);
KT_API int32_t kt_tensor_clamp_tensor_(void* self, void* min, void* max);
KT_API void* kt_tensor_where(void* condition, void* x, void* y);
KT_API void* kt_tensor_addcmul(void* self, void* tensor1, void* tensor2, kt_scalar value);
KT_API int32_t kt_tensor_addcmul_(void* self, void* tensor1, void* tensor2, kt_scalar value);
KT_API void* kt_tensor_addcdiv(void* self, void* tensor1, void* tensor2, kt_scalar value);
KT_API int32_t kt_tensor_addcdiv_(void* self, void* tensor1, void* tensor2, kt_scalar value);
KT_API void* kt_tensor_lerp(void* self, void* end, void* weight);
KT_API int32_t kt_tensor_lerp_(void* self, void* end, void* weight);
KT_API void* kt_tensor_lerp_scalar(void* self, void* end, kt_scalar weight);
KT_API int32_t kt_tensor_lerp_scalar_(void* self, void* end, kt_scalar weight);
KT_API int32_t kt_tensor_fill_(void* self, kt_scalar value);
KT_API int32_t kt_tensor_zero_(void* self);
KT_API int32_t kt_tensor_allclose(void* self, void* other, double rtol, double atol, int32_t equal_nan, int32_t* result);

// --- products of matrices ---
KT_API void* kt_tensor_matmul(void* self, void* other);
KT_API void* kt_tensor_mm(void* self, void* other);
KT_API void* kt_tensor_bmm(void* self, void* other);
KT_API void* kt_tensor_mv(void* self, void* vector);
KT_API void* kt_tensor_dot(void* self, void* other);
KT_API void* kt_tensor_outer(void* self, void* other);
KT_API void* kt_tensor_addmm(void* self, void* mat1, void* mat2, kt_scalar beta, kt_scalar alpha);
KT_API int32_t kt_tensor_addmm_(void* self, void* mat1, void* mat2, kt_scalar beta, kt_scalar alpha);

// --- reductions. dims = null: over everything ---
KT_API void* kt_tensor_sum(void* self, const int64_t* dims, int64_t count, int32_t keepdim, int32_t dtype);
KT_API void* kt_tensor_mean(void* self, const int64_t* dims, int64_t count, int32_t keepdim, int32_t dtype);
KT_API void* kt_tensor_std(void* self, const int64_t* dims, int64_t count, int32_t unbiased, int32_t keepdim);
KT_API void* kt_tensor_var(void* self, const int64_t* dims, int64_t count, int32_t unbiased, int32_t keepdim);
KT_API void* kt_tensor_norm(void* self, double p, const int64_t* dims, int64_t count, int32_t keepdim);
KT_API void* kt_tensor_amax(void* self, const int64_t* dims, int64_t count, int32_t keepdim);
KT_API void* kt_tensor_amin(void* self, const int64_t* dims, int64_t count, int32_t keepdim);
KT_API void* kt_tensor_logsumexp(void* self, const int64_t* dims, int64_t count, int32_t keepdim);
KT_API void* kt_tensor_max(void* self);
KT_API void* kt_tensor_min(void* self);
KT_API int32_t kt_tensor_max_dim(void* self, int64_t dim, int32_t keepdim, void** values, void** indices);
KT_API int32_t kt_tensor_min_dim(void* self, int64_t dim, int32_t keepdim, void** values, void** indices);
// has_dim = 0: over everything
KT_API void* kt_tensor_argmax(void* self, int32_t has_dim, int64_t dim, int32_t keepdim);
KT_API void* kt_tensor_argmin(void* self, int32_t has_dim, int64_t dim, int32_t keepdim);
KT_API void* kt_tensor_argsort(void* self, int64_t dim, int32_t descending);
KT_API void* kt_tensor_any(void* self, int32_t has_dim, int64_t dim, int32_t keepdim);
KT_API void* kt_tensor_all(void* self, int32_t has_dim, int64_t dim, int32_t keepdim);
KT_API void* kt_tensor_prod(void* self, int32_t has_dim, int64_t dim, int32_t keepdim, int32_t dtype);
KT_API void* kt_tensor_count_nonzero(void* self, const int64_t* dims, int64_t count);
KT_API void* kt_tensor_cumsum(void* self, int64_t dim, int32_t dtype);
KT_API int32_t kt_tensor_topk(void* self, int64_t k, int64_t dim, int32_t largest, int32_t sorted, void** values, void** indices);
KT_API int32_t kt_tensor_sort(void* self, int64_t dim, int32_t descending, int32_t stable, void** values, void** indices);
KT_API void* kt_tensor_softmax(void* self, int64_t dim, int32_t dtype);
KT_API void* kt_tensor_log_softmax(void* self, int64_t dim, int32_t dtype);
KT_API void* kt_tensor_bincount(void* self, void* weights, int64_t minlength);

// --- shape ---
KT_API void* kt_tensor_view(void* self, const int64_t* sizes, int64_t dims);
KT_API void* kt_tensor_reshape(void* self, const int64_t* sizes, int64_t dims);
KT_API void* kt_tensor_flatten(void* self, int64_t start_dim, int64_t end_dim);
KT_API void* kt_tensor_unsqueeze(void* self, int64_t dim);
KT_API void* kt_tensor_squeeze(void* self, int32_t has_dim, int64_t dim);
KT_API void* kt_tensor_transpose(void* self, int64_t dim0, int64_t dim1);
KT_API void* kt_tensor_t(void* self);
KT_API void* kt_tensor_permute(void* self, const int64_t* dims, int64_t count);
KT_API void* kt_tensor_expand(void* self, const int64_t* sizes, int64_t dims, int32_t is_implicit);
KT_API void* kt_tensor_repeat(void* self, const int64_t* repeats, int64_t count);
// output_size: the extent that results, -1 when not given.
KT_API void* kt_tensor_repeat_interleave(void* self, int64_t repeats, int32_t has_dim, int64_t dim, int64_t output_size);
KT_API void* kt_tensor_tile(void* self, const int64_t* repeats, int64_t count);
KT_API void* kt_tensor_flip(void* self, const int64_t* dims, int64_t count);
KT_API void* kt_tensor_roll(void* self, const int64_t* shifts, int64_t count, const int64_t* dims, int64_t dim_count);
KT_API void* kt_tensor_narrow(void* self, int64_t dim, int64_t start, int64_t length);
KT_API void* kt_tensor_select(void* self, int64_t dim, int64_t index);
KT_API void* kt_tensor_diag(void* self, int64_t diagonal);
KT_API void* kt_tensor_triu(void* self, int64_t diagonal);
KT_API void* kt_tensor_tril(void* self, int64_t diagonal);
// `parts` has room for `capacity` handles; *count is how many there are.
KT_API int32_t kt_tensor_split(void* self, int64_t size, int64_t dim, void** parts, int64_t capacity, int64_t* count);
KT_API int32_t kt_tensor_split_sizes(void* self, const int64_t* sizes, int64_t size_count, int64_t dim, void** parts);
KT_API int32_t kt_tensor_chunk(void* self, int64_t chunks, int64_t dim, void** parts, int64_t* count);
KT_API int32_t kt_tensor_unbind(void* self, int64_t dim, void** parts, int64_t capacity, int64_t* count);
KT_API void* kt_tensor_cat(void* const* tensors, int64_t count, int64_t dim);
KT_API void* kt_tensor_stack(void* const* tensors, int64_t count, int64_t dim);

// --- indexing. An index is (kind, a, b, c, tensor): 0 none, 1 ellipsis, 2 integer a, 3 bool a, 4 slice a:b:c
//     (INT64_MIN: not given), 5 tensor ---
struct kt_index {
  int64_t kind, a, b, c;
  void* tensor;
};
typedef struct kt_index kt_index;
KT_API void* kt_tensor_index(void* self, const kt_index* indices, int64_t count);
KT_API int32_t kt_tensor_index_put_(void* self, const kt_index* indices, int64_t count, void* value);
KT_API int32_t kt_tensor_index_put_scalar_(void* self, const kt_index* indices, int64_t count, kt_scalar value);
KT_API void* kt_tensor_index_select(void* self, int64_t dim, void* index);
KT_API void* kt_tensor_index_add(void* self, int64_t dim, void* index, void* source, kt_scalar alpha);
KT_API int32_t kt_tensor_index_add_(void* self, int64_t dim, void* index, void* source, kt_scalar alpha);
KT_API int32_t kt_tensor_index_copy_(void* self, int64_t dim, void* index, void* source);
KT_API void* kt_tensor_gather(void* self, int64_t dim, void* index);
KT_API void* kt_tensor_scatter(void* self, int64_t dim, void* index, void* src);
KT_API int32_t kt_tensor_scatter_(void* self, int64_t dim, void* index, void* src);
KT_API void* kt_tensor_scatter_add(void* self, int64_t dim, void* index, void* src);
KT_API int32_t kt_tensor_scatter_add_(void* self, int64_t dim, void* index, void* src);
KT_API void* kt_tensor_masked_fill(void* self, void* mask, kt_scalar value);
KT_API int32_t kt_tensor_masked_fill_(void* self, void* mask, kt_scalar value);
KT_API void* kt_tensor_masked_select(void* self, void* mask);
KT_API void* kt_tensor_take_along_dim(void* self, void* indices, int64_t dim);
KT_API void* kt_tensor_nonzero(void* self);
