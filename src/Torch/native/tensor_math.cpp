// Elementwise operations and products of matrices.
#include "guard.h"
#include "kdr_tensor.h"

using namespace kt;

namespace {
at::Scalar or_one(kt_scalar alpha) { return alpha.kind == 0 ? at::Scalar(1) : num(alpha); }

optional<c10::string_view> rounding_mode(int32_t rounding) {
  switch (rounding) {
    case 0: return {};
    case 1: return c10::string_view("trunc");
    case 2: return c10::string_view("floor");
    default: TORCH_CHECK(false, "unknown rounding mode ", rounding);
  }
}
}  // namespace

#define KT_DEFINE(op)                                                                     \
  void* kt_tensor_##op(void* self) { KT_TENSOR(#op, (self), at::op(ten(self))) }          \
  int32_t kt_tensor_##op##_(void* self) { KT_STATUS(#op "_", (self), ten(self).op##_()) }
KT_UNARY(KT_DEFINE)
#undef KT_DEFINE

void* kt_tensor_isnan(void* self) { KT_TENSOR("isnan", (self), at::isnan(ten(self))) }
void* kt_tensor_isinf(void* self) { KT_TENSOR("isinf", (self), at::isinf(ten(self))) }
void* kt_tensor_isfinite(void* self) { KT_TENSOR("isfinite", (self), at::isfinite(ten(self))) }
void* kt_tensor_round(void* self, int64_t decimals) {
  KT_TENSOR("round", (self), decimals == 0 ? at::round(ten(self)) : at::round(ten(self), decimals))
}
int32_t kt_tensor_round_(void* self, int64_t decimals) {
  KT_STATUS("round_", (self), if (decimals == 0) ten(self).round_(); else ten(self).round_(decimals))
}

#define KT_DEFINE(op)                                                                                                           \
  void* kt_tensor_##op(void* self, void* other) { KT_TENSOR(#op, (self, other), ten(self).op(ten(other))) }                     \
  int32_t kt_tensor_##op##_(void* self, void* other) { KT_STATUS(#op "_", (self, other), ten(self).op##_(ten(other))) }         \
  void* kt_tensor_##op##_scalar(void* self, kt_scalar other) { KT_TENSOR(#op, (self), ten(self).op(num(other))) }               \
  int32_t kt_tensor_##op##_scalar_(void* self, kt_scalar other) { KT_STATUS(#op "_", (self), ten(self).op##_(num(other))) }
KT_BINARY(KT_DEFINE)
#undef KT_DEFINE

#define KT_DEFINE(op)                                                                                                                        \
  void* kt_tensor_##op(void* self, void* other, kt_scalar alpha) {                                                                           \
    KT_TENSOR(#op, (self, other), ten(self).op(ten(other), or_one(alpha)))                                                                   \
  }                                                                                                                                          \
  int32_t kt_tensor_##op##_(void* self, void* other, kt_scalar alpha) {                                                                      \
    KT_STATUS(#op "_", (self, other), ten(self).op##_(ten(other), or_one(alpha)))                                                            \
  }                                                                                                                                          \
  void* kt_tensor_##op##_scalar(void* self, kt_scalar other, kt_scalar alpha) {                                                              \
    KT_TENSOR(#op, (self), ten(self).op(num(other), or_one(alpha)))                                                                          \
  }                                                                                                                                          \
  int32_t kt_tensor_##op##_scalar_(void* self, kt_scalar other, kt_scalar alpha) {                                                           \
    KT_STATUS(#op "_", (self), ten(self).op##_(num(other), or_one(alpha)))                                                                   \
  }
KT_DEFINE(add)
KT_DEFINE(sub)
#undef KT_DEFINE


void* kt_tensor_div(void* self, void* other, int32_t rounding) { KT_TENSOR("div", (self, other), ten(self).div(ten(other), rounding_mode(rounding))) }
int32_t kt_tensor_div_(void* self, void* other, int32_t rounding) {
  KT_STATUS("div_", (self, other), ten(self).div_(ten(other), rounding_mode(rounding)))
}
void* kt_tensor_div_scalar(void* self, kt_scalar other, int32_t rounding) { KT_TENSOR("div", (self), ten(self).div(num(other), rounding_mode(rounding))) }
int32_t kt_tensor_div_scalar_(void* self, kt_scalar other, int32_t rounding) {
  KT_STATUS("div_", (self), ten(self).div_(num(other), rounding_mode(rounding)))
}

#define KT_DEFINE(op) \
  void* kt_tensor_##op(void* self, void* other) { KT_TENSOR(#op, (self, other), at::op(ten(self), ten(other))) }
KT_PAIR(KT_DEFINE)
#undef KT_DEFINE

void* kt_tensor_clamp(void* self, kt_scalar min, kt_scalar max) { KT_TENSOR("clamp", (self), at::clamp(ten(self), opt_num(min), opt_num(max))) }
int32_t kt_tensor_clamp_(void* self, kt_scalar min, kt_scalar max) { KT_STATUS("clamp_", (self), ten(self).clamp_(opt_num(min), opt_num(max))) }
void* kt_tensor_clamp_tensor(void* self, void* min, void* max) { KT_TENSOR("clamp", (self, min, max), at::clamp(ten(self), opt(min), opt(max))) }
int32_t kt_tensor_clamp_tensor_(void* self, void* min, void* max) {
  KT_STATUS("clamp_", (self, min, max), ten(self).clamp_(opt(min), opt(max)))
}

void* kt_tensor_where(void* condition, void* x, void* y) { KT_TENSOR("where", (condition, x, y), at::where(ten(condition), ten(x), ten(y))) }

#define KT_DEFINE(op)                                                                                 \
  void* kt_tensor_##op(void* self, void* tensor1, void* tensor2, kt_scalar value) {                   \
    KT_TENSOR(#op, (self, tensor1, tensor2), ten(self).op(ten(tensor1), ten(tensor2), or_one(value))) \
  }                                                                                                   \
  int32_t kt_tensor_##op##_(void* self, void* tensor1, void* tensor2, kt_scalar value) {              \
    KT_STATUS(#op "_", (self, tensor1, tensor2), ten(self).op##_(ten(tensor1), ten(tensor2), or_one(value))) \
  }
KT_DEFINE(addcmul)
KT_DEFINE(addcdiv)
#undef KT_DEFINE

void* kt_tensor_lerp(void* self, void* end, void* weight) { KT_TENSOR("lerp", (self, end, weight), ten(self).lerp(ten(end), ten(weight))) }
int32_t kt_tensor_lerp_(void* self, void* end, void* weight) { KT_STATUS("lerp_", (self, end, weight), ten(self).lerp_(ten(end), ten(weight))) }
void* kt_tensor_lerp_scalar(void* self, void* end, kt_scalar weight) { KT_TENSOR("lerp", (self, end), ten(self).lerp(ten(end), num(weight))) }
int32_t kt_tensor_lerp_scalar_(void* self, void* end, kt_scalar weight) { KT_STATUS("lerp_", (self, end), ten(self).lerp_(ten(end), num(weight))) }

int32_t kt_tensor_fill_(void* self, kt_scalar value) { KT_STATUS("fill_", (self), ten(self).fill_(num(value))) }
int32_t kt_tensor_zero_(void* self) { KT_STATUS("zero_", (self), ten(self).zero_()) }

int32_t kt_tensor_allclose(void* self, void* other, double rtol, double atol, int32_t equal_nan, int32_t* result) {
  KT_STATUS("allclose", (self, other), *result = at::allclose(ten(self), ten(other), rtol, atol, equal_nan != 0))
}

#define KT_DEFINE(op) \
  void* kt_tensor_##op(void* self, void* other) { KT_TENSOR(#op, (self, other), at::op(ten(self), ten(other))) }
KT_DEFINE(matmul)
KT_DEFINE(mm)
KT_DEFINE(bmm)
KT_DEFINE(mv)
KT_DEFINE(dot)
KT_DEFINE(outer)
#undef KT_DEFINE
void* kt_tensor_addmm(void* self, void* mat1, void* mat2, kt_scalar beta, kt_scalar alpha) {
  KT_TENSOR("addmm", (self, mat1, mat2), at::addmm(ten(self), ten(mat1), ten(mat2), or_one(beta), or_one(alpha)))
}
int32_t kt_tensor_addmm_(void* self, void* mat1, void* mat2, kt_scalar beta, kt_scalar alpha) {
  KT_STATUS("addmm_", (self, mat1, mat2), ten(self).addmm_(ten(mat1), ten(mat2), or_one(beta), or_one(alpha)))
}
