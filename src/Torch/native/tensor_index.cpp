// Indexing, gathering, scattering, masks.
#include "guard.h"
#include "kdr_tensor.h"

#include <ATen/TensorIndexing.h>

using namespace kt;

namespace {
#if KT_TORCH >= 200
using Bound = c10::SymInt;
#else
using Bound = int64_t;
#endif

at::indexing::TensorIndex one(const kt_index& index) {
  using namespace at::indexing;
  const auto bound = [](int64_t v) { return v == INT64_MIN ? optional<Bound>() : optional<Bound>(Bound(v)); };
  switch (index.kind) {
    case 0: return TensorIndex(at::indexing::None);
    case 1: return TensorIndex(Ellipsis);
    case 2: return TensorIndex(index.a);
    case 3: return TensorIndex(index.a != 0);
    case 4: return TensorIndex(Slice(bound(index.a), bound(index.b), bound(index.c)));
    case 5: return TensorIndex(ten(index.tensor));
    default: TORCH_CHECK(false, "unknown kind of index ", index.kind);
  }
}

std::vector<at::indexing::TensorIndex> all(const kt_index* indices, int64_t count) {
  std::vector<at::indexing::TensorIndex> list;
  list.reserve(count);
  for (int64_t i = 0; i < count; i++) list.push_back(one(indices[i]));
  return list;
}
}  // namespace

void* kt_tensor_index(void* self, const kt_index* indices, int64_t count) { KT_TENSOR("index", (self), ten(self).index(all(indices, count))) }
int32_t kt_tensor_index_put_(void* self, const kt_index* indices, int64_t count, void* value) {
  KT_STATUS("index_put_", (self, value), ten(self).index_put_(all(indices, count), ten(value)))
}
int32_t kt_tensor_index_put_scalar_(void* self, const kt_index* indices, int64_t count, kt_scalar value) {
  KT_STATUS("index_put_", (self), ten(self).index_put_(all(indices, count), num(value)))
}

void* kt_tensor_index_select(void* self, int64_t dim, void* index) { KT_TENSOR("index_select", (self, index), ten(self).index_select(dim, ten(index))) }
void* kt_tensor_index_add(void* self, int64_t dim, void* index, void* source, kt_scalar alpha) {
  KT_TENSOR("index_add", (self, index, source), ten(self).index_add(dim, ten(index), ten(source), num(alpha)))
}
int32_t kt_tensor_index_add_(void* self, int64_t dim, void* index, void* source, kt_scalar alpha) {
  KT_STATUS("index_add_", (self, index, source), ten(self).index_add_(dim, ten(index), ten(source), num(alpha)))
}
int32_t kt_tensor_index_copy_(void* self, int64_t dim, void* index, void* source) {
  KT_STATUS("index_copy_", (self, index, source), ten(self).index_copy_(dim, ten(index), ten(source)))
}
void* kt_tensor_gather(void* self, int64_t dim, void* index) { KT_TENSOR("gather", (self, index), ten(self).gather(dim, ten(index))) }
void* kt_tensor_scatter(void* self, int64_t dim, void* index, void* src) {
  KT_TENSOR("scatter", (self, index, src), ten(self).scatter(dim, ten(index), ten(src)))
}
int32_t kt_tensor_scatter_(void* self, int64_t dim, void* index, void* src) {
  KT_STATUS("scatter_", (self, index, src), ten(self).scatter_(dim, ten(index), ten(src)))
}
void* kt_tensor_scatter_add(void* self, int64_t dim, void* index, void* src) {
  KT_TENSOR("scatter_add", (self, index, src), ten(self).scatter_add(dim, ten(index), ten(src)))
}
int32_t kt_tensor_scatter_add_(void* self, int64_t dim, void* index, void* src) {
  KT_STATUS("scatter_add_", (self, index, src), ten(self).scatter_add_(dim, ten(index), ten(src)))
}
void* kt_tensor_masked_fill(void* self, void* mask, kt_scalar value) { KT_TENSOR("masked_fill", (self, mask), ten(self).masked_fill(ten(mask), num(value))) }
int32_t kt_tensor_masked_fill_(void* self, void* mask, kt_scalar value) {
  KT_STATUS("masked_fill_", (self, mask), ten(self).masked_fill_(ten(mask), num(value)))
}
void* kt_tensor_masked_select(void* self, void* mask) { KT_TENSOR("masked_select", (self, mask), ten(self).masked_select(ten(mask))) }
void* kt_tensor_take_along_dim(void* self, void* indices, int64_t dim) {
  KT_TENSOR("take_along_dim", (self, indices), at::take_along_dim(ten(self), ten(indices), dim))
}
void* kt_tensor_nonzero(void* self) { KT_TENSOR("nonzero", (self), ten(self).nonzero()) }
