// Reductions, sorting, cumulative sums.
#include "guard.h"
#include "kdr_tensor.h"

using namespace kt;

namespace {
// Two results leave through out parameters only when both exist.
template <class Results>
void give(Results results, void** first, void** second) {
  auto a = std::get<0>(std::move(results));
  auto b = std::get<1>(std::move(results));
  *first = own(std::move(a));
  *second = own(std::move(b));
}
}  // namespace

#define KT_DIMS const int64_t *dims, int64_t count

void* kt_tensor_sum(void* self, KT_DIMS, int32_t keepdim, int32_t dtype) {
  KT_TENSOR("sum", (self), dims == nullptr ? at::sum(ten(self), opt_dtype(dtype)) : at::sum(ten(self), ints(dims, count), keepdim != 0, opt_dtype(dtype)))
}
void* kt_tensor_mean(void* self, KT_DIMS, int32_t keepdim, int32_t dtype) {
  KT_TENSOR("mean", (self), dims == nullptr ? at::mean(ten(self), opt_dtype(dtype)) : at::mean(ten(self), ints(dims, count), keepdim != 0, opt_dtype(dtype)))
}
void* kt_tensor_std(void* self, KT_DIMS, int32_t unbiased, int32_t keepdim) {
  KT_TENSOR("std", (self), dims == nullptr ? at::std(ten(self), unbiased != 0) : at::std(ten(self), ints(dims, count), unbiased != 0, keepdim != 0))
}
void* kt_tensor_var(void* self, KT_DIMS, int32_t unbiased, int32_t keepdim) {
  KT_TENSOR("var", (self), dims == nullptr ? at::var(ten(self), unbiased != 0) : at::var(ten(self), ints(dims, count), unbiased != 0, keepdim != 0))
}
void* kt_tensor_norm(void* self, double p, KT_DIMS, int32_t keepdim) {
  KT_TENSOR("norm", (self), dims == nullptr ? at::norm(ten(self), p) : at::norm(ten(self), at::Scalar(p), ints(dims, count), keepdim != 0))
}
void* kt_tensor_amax(void* self, KT_DIMS, int32_t keepdim) { KT_TENSOR("amax", (self), at::amax(ten(self), ints(dims, count), keepdim != 0)) }
void* kt_tensor_amin(void* self, KT_DIMS, int32_t keepdim) { KT_TENSOR("amin", (self), at::amin(ten(self), ints(dims, count), keepdim != 0)) }
void* kt_tensor_logsumexp(void* self, KT_DIMS, int32_t keepdim) {
  KT_TENSOR("logsumexp", (self), at::logsumexp(ten(self), ints(dims, count), keepdim != 0))
}

void* kt_tensor_max(void* self) { KT_TENSOR("max", (self), at::max(ten(self))) }
void* kt_tensor_min(void* self) { KT_TENSOR("min", (self), at::min(ten(self))) }
int32_t kt_tensor_max_dim(void* self, int64_t dim, int32_t keepdim, void** values, void** indices) {
  KT_STATUS("max", (self), give(at::max(ten(self), dim, keepdim != 0), values, indices))
}
int32_t kt_tensor_min_dim(void* self, int64_t dim, int32_t keepdim, void** values, void** indices) {
  KT_STATUS("min", (self), give(at::min(ten(self), dim, keepdim != 0), values, indices))
}

namespace {
optional<int64_t> opt_dim(int32_t has_dim, int64_t dim) { return has_dim != 0 ? optional<int64_t>(dim) : optional<int64_t>(); }
}  // namespace

void* kt_tensor_argmax(void* self, int32_t has_dim, int64_t dim, int32_t keepdim) {
  KT_TENSOR("argmax", (self), at::argmax(ten(self), opt_dim(has_dim, dim), keepdim != 0))
}
void* kt_tensor_argmin(void* self, int32_t has_dim, int64_t dim, int32_t keepdim) {
  KT_TENSOR("argmin", (self), at::argmin(ten(self), opt_dim(has_dim, dim), keepdim != 0))
}
void* kt_tensor_argsort(void* self, int64_t dim, int32_t descending) { KT_TENSOR("argsort", (self), at::argsort(ten(self), dim, descending != 0)) }
void* kt_tensor_any(void* self, int32_t has_dim, int64_t dim, int32_t keepdim) {
  KT_TENSOR("any", (self), has_dim != 0 ? at::any(ten(self), dim, keepdim != 0) : at::any(ten(self)))
}
void* kt_tensor_all(void* self, int32_t has_dim, int64_t dim, int32_t keepdim) {
  KT_TENSOR("all", (self), has_dim != 0 ? at::all(ten(self), dim, keepdim != 0) : at::all(ten(self)))
}
void* kt_tensor_prod(void* self, int32_t has_dim, int64_t dim, int32_t keepdim, int32_t dtype) {
  KT_TENSOR("prod", (self), has_dim != 0 ? at::prod(ten(self), dim, keepdim != 0, opt_dtype(dtype)) : at::prod(ten(self), opt_dtype(dtype)))
}
void* kt_tensor_count_nonzero(void* self, KT_DIMS) {
  KT_TENSOR("count_nonzero", (self), dims == nullptr ? at::count_nonzero(ten(self)) : at::count_nonzero(ten(self), ints(dims, count)))
}
void* kt_tensor_cumsum(void* self, int64_t dim, int32_t dtype) { KT_TENSOR("cumsum", (self), at::cumsum(ten(self), dim, opt_dtype(dtype))) }

int32_t kt_tensor_topk(void* self, int64_t k, int64_t dim, int32_t largest, int32_t sorted, void** values, void** indices) {
  KT_STATUS("topk", (self), give(at::topk(ten(self), k, dim, largest != 0, sorted != 0), values, indices))
}
int32_t kt_tensor_sort(void* self, int64_t dim, int32_t descending, int32_t stable, void** values, void** indices) {
  KT_STATUS("sort", (self), give(at::sort(ten(self), optional<bool>(stable != 0), dim, descending != 0), values, indices))
}

void* kt_tensor_softmax(void* self, int64_t dim, int32_t dtype) { KT_TENSOR("softmax", (self), at::softmax(ten(self), dim, opt_dtype(dtype))) }
void* kt_tensor_log_softmax(void* self, int64_t dim, int32_t dtype) { KT_TENSOR("log_softmax", (self), at::log_softmax(ten(self), dim, opt_dtype(dtype))) }
void* kt_tensor_bincount(void* self, void* weights, int64_t minlength) {
  KT_TENSOR("bincount", (self, weights), at::bincount(ten(self), opt(weights), minlength))
}
