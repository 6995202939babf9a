// Views, rearrangements, joining and splitting.
#include "guard.h"
#include "kdr_tensor.h"

using namespace kt;

namespace {
void give(std::vector<at::Tensor> results, void** parts, int64_t capacity, int64_t* count) {
  TORCH_CHECK(static_cast<int64_t>(results.size()) <= capacity, results.size(), " parts do not fit into ", capacity);
  for (size_t i = 0; i < results.size(); i++) parts[i] = own(std::move(results[i]));
  if (count != nullptr) *count = static_cast<int64_t>(results.size());
}
}  // namespace

void* kt_tensor_view(void* self, const int64_t* sizes, int64_t dims) { KT_TENSOR("view", (self), ten(self).view(ints(sizes, dims))) }
void* kt_tensor_reshape(void* self, const int64_t* sizes, int64_t dims) { KT_TENSOR("reshape", (self), ten(self).reshape(ints(sizes, dims))) }
void* kt_tensor_flatten(void* self, int64_t start_dim, int64_t end_dim) { KT_TENSOR("flatten", (self), ten(self).flatten(start_dim, end_dim)) }
void* kt_tensor_unsqueeze(void* self, int64_t dim) { KT_TENSOR("unsqueeze", (self), ten(self).unsqueeze(dim)) }
void* kt_tensor_squeeze(void* self, int32_t has_dim, int64_t dim) { KT_TENSOR("squeeze", (self), has_dim != 0 ? ten(self).squeeze(dim) : ten(self).squeeze()) }
void* kt_tensor_transpose(void* self, int64_t dim0, int64_t dim1) { KT_TENSOR("transpose", (self), ten(self).transpose(dim0, dim1)) }
void* kt_tensor_t(void* self) { KT_TENSOR("t", (self), ten(self).t()) }
void* kt_tensor_permute(void* self, const int64_t* dims, int64_t count) { KT_TENSOR("permute", (self), ten(self).permute(ints(dims, count))) }
void* kt_tensor_expand(void* self, const int64_t* sizes, int64_t dims, int32_t is_implicit) {
  KT_TENSOR("expand", (self), ten(self).expand(ints(sizes, dims), is_implicit != 0))
}
void* kt_tensor_repeat(void* self, const int64_t* repeats, int64_t count) { KT_TENSOR("repeat", (self), ten(self).repeat(ints(repeats, count))) }
void* kt_tensor_repeat_interleave(void* self, int64_t repeats, int32_t has_dim, int64_t dim, int64_t output_size) {
  KT_TENSOR("repeat_interleave", (self), ten(self).repeat_interleave(repeats, has_dim != 0 ? optional<int64_t>(dim) : optional<int64_t>(),
    output_size >= 0 ? optional<int64_t>(output_size) : optional<int64_t>()))
}
void* kt_tensor_tile(void* self, const int64_t* repeats, int64_t count) { KT_TENSOR("tile", (self), ten(self).tile(ints(repeats, count))) }
void* kt_tensor_flip(void* self, const int64_t* dims, int64_t count) { KT_TENSOR("flip", (self), ten(self).flip(ints(dims, count))) }
void* kt_tensor_roll(void* self, const int64_t* shifts, int64_t count, const int64_t* dims, int64_t dim_count) {
  KT_TENSOR("roll", (self), ten(self).roll(ints(shifts, count), ints(dims, dim_count)))
}
void* kt_tensor_narrow(void* self, int64_t dim, int64_t start, int64_t length) { KT_TENSOR("narrow", (self), ten(self).narrow(dim, start, length)) }
void* kt_tensor_select(void* self, int64_t dim, int64_t index) { KT_TENSOR("select", (self), ten(self).select(dim, index)) }
void* kt_tensor_diag(void* self, int64_t diagonal) { KT_TENSOR("diag", (self), ten(self).diag(diagonal)) }
void* kt_tensor_triu(void* self, int64_t diagonal) { KT_TENSOR("triu", (self), ten(self).triu(diagonal)) }
void* kt_tensor_tril(void* self, int64_t diagonal) { KT_TENSOR("tril", (self), ten(self).tril(diagonal)) }

int32_t kt_tensor_split(void* self, int64_t size, int64_t dim, void** parts, int64_t capacity, int64_t* count) {
  KT_STATUS("split", (self), give(ten(self).split(size, dim), parts, capacity, count))
}
int32_t kt_tensor_split_sizes(void* self, const int64_t* sizes, int64_t size_count, int64_t dim, void** parts) {
  KT_STATUS("split", (self), give(ten(self).split_with_sizes(ints(sizes, size_count), dim), parts, size_count, nullptr))
}
int32_t kt_tensor_chunk(void* self, int64_t chunks, int64_t dim, void** parts, int64_t* count) {
  KT_STATUS("chunk", (self), give(ten(self).chunk(chunks, dim), parts, chunks, count))
}
int32_t kt_tensor_unbind(void* self, int64_t dim, void** parts, int64_t capacity, int64_t* count) {
  KT_STATUS("unbind", (self), give(ten(self).unbind(dim), parts, capacity, count))
}

namespace {
std::string describe_list(void* const* handles, int64_t count) {
  std::string text;
  for (int64_t i = 0; i < count && i < 8; i++) text += (i == 0 ? "" : ", ") + describe(handles[i]);
  return count > 8 ? text + ", .." : text;
}
}  // namespace

void* kt_tensor_cat(void* const* handles, int64_t count, int64_t dim) {
  try {
    return own(at::cat(tensors(handles, count), dim));
  } catch (...) {
    fail("cat", describe_list(handles, count));
    return nullptr;
  }
}
void* kt_tensor_stack(void* const* handles, int64_t count, int64_t dim) {
  try {
    return own(at::stack(tensors(handles, count), dim));
  } catch (...) {
    fail("stack", describe_list(handles, count));
    return nullptr;
  }
}
