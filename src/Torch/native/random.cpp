#include "guard.h"
#include "kdr_random.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#ifdef KT_CUDA
#include <ATen/cuda/CUDAGeneratorImpl.h>
#endif

#include <mutex>

using namespace kt;

namespace {
at::Generator& gen(void* handle) {
  TORCH_CHECK(handle != nullptr, "a generator is missing");
  return *static_cast<at::Generator*>(handle);
}

#ifdef KT_STAND_IN
}
at::Generator kt_stand_in_generator(uint64_t seed);
namespace {
#endif

at::Generator create(at::Device device, uint64_t seed) {
  if (device.is_cpu()) return at::detail::createCPUGenerator(seed);
#ifdef KT_STAND_IN
  if (device.type() == cuda_type) return kt_stand_in_generator(seed);
#endif
#ifdef KT_CUDA
  if (device.is_cuda()) {
    auto generator = at::cuda::detail::createCUDAGenerator(device.index());
    generator.set_current_seed(seed);
    return generator;
  }
#endif
  TORCH_CHECK(false, "no generator for device ", device);
}
}  // namespace

void kt_generator_free(void* generator) { delete static_cast<at::Generator*>(generator); }
void* kt_generator_new(uint64_t seed, int32_t device_type, int32_t device_index) {
  KT_GUARD("Generator", (), nullptr, return new at::Generator(create(device(device_type, device_index), seed)))
}
void* kt_generator_default(int32_t device_type, int32_t device_index) {
  KT_GUARD("Generator.Default", (), nullptr, return new at::Generator(at::globalContext().defaultGenerator(device(device_type, device_index))))
}
// A generator's own mutex is what its users lock while they draw.
int32_t kt_generator_manual_seed(void* generator, uint64_t seed) {
  KT_STATUS("manual_seed", (), std::lock_guard<std::mutex> lock(gen(generator).mutex()); gen(generator).set_current_seed(seed))
}
int32_t kt_generator_seed(void* generator, uint64_t* seed) {
  KT_STATUS("seed", (), std::lock_guard<std::mutex> lock(gen(generator).mutex()); *seed = gen(generator).seed())
}
int32_t kt_generator_initial_seed(void* generator, uint64_t* seed) { KT_STATUS("initial_seed", (), *seed = gen(generator).current_seed()) }
void* kt_generator_get_state(void* generator) {
  KT_GUARD("get_state", (), nullptr, std::lock_guard<std::mutex> lock(gen(generator).mutex()); return own(gen(generator).get_state()))
}
int32_t kt_generator_set_state(void* generator, void* state) {
  KT_STATUS("set_state", (state), std::lock_guard<std::mutex> lock(gen(generator).mutex()); gen(generator).set_state(ten(state)))
}
int32_t kt_generator_device(void* generator, int32_t* index) {
  const auto device = gen(generator).device();
  *index = device.index();
  return device_type(device.type());
}
int32_t kt_random_manual_seed(uint64_t seed) { KT_STATUS("manual_seed", (), at::manual_seed(seed)) }

#define KT_OPTIONS int32_t dtype, int32_t device_type, int32_t device_index
#define KT_GIVEN options(dtype, device_type, device_index)
void* kt_random_rand(const int64_t* sizes, int64_t dims, void* g, KT_OPTIONS) { KT_TENSOR("rand", (), at::rand(ints(sizes, dims), generator(g), KT_GIVEN)) }
void* kt_random_randn(const int64_t* sizes, int64_t dims, void* g, KT_OPTIONS) { KT_TENSOR("randn", (), at::randn(ints(sizes, dims), generator(g), KT_GIVEN)) }
void* kt_random_randint(int64_t low, int64_t high, const int64_t* sizes, int64_t dims, void* g, KT_OPTIONS) {
  // Unlike the other factories, randint's own default in C++ is float32; Python's is int64.
  KT_TENSOR("randint", (), at::randint(low, high, ints(sizes, dims), generator(g), options(dtype < 0 ? static_cast<int32_t>(at::kLong) : dtype, device_type, device_index)))
}
void* kt_random_randperm(int64_t n, void* g, KT_OPTIONS) {
  KT_TENSOR("randperm", (), at::randperm(n, generator(g), options(dtype < 0 ? static_cast<int32_t>(at::kLong) : dtype, device_type, device_index)))
}
void* kt_random_rand_like(void* self, KT_OPTIONS) { KT_TENSOR("rand_like", (self), at::rand_like(ten(self), KT_GIVEN)) }
void* kt_random_randn_like(void* self, KT_OPTIONS) { KT_TENSOR("randn_like", (self), at::randn_like(ten(self), KT_GIVEN)) }
int32_t kt_random_uniform_(void* self, double from, double to, void* g) { KT_STATUS("uniform_", (self), ten(self).uniform_(from, to, generator(g))) }
int32_t kt_random_normal_(void* self, double mean, double std, void* g) { KT_STATUS("normal_", (self), ten(self).normal_(mean, std, generator(g))) }
int32_t kt_random_random_(void* self, int64_t from, int64_t to, void* g) { KT_STATUS("random_", (self), ten(self).random_(from, to, generator(g))) }
int32_t kt_random_exponential_(void* self, double lambda, void* g) { KT_STATUS("exponential_", (self), ten(self).exponential_(lambda, generator(g))) }
int32_t kt_random_bernoulli_(void* self, double p, void* g) { KT_STATUS("bernoulli_", (self), ten(self).bernoulli_(p, generator(g))) }
int32_t kt_random_bernoulli_tensor_(void* self, void* p, void* g) { KT_STATUS("bernoulli_", (self, p), ten(self).bernoulli_(ten(p), generator(g))) }
void* kt_random_bernoulli(void* self, void* g) { KT_TENSOR("bernoulli", (self), at::bernoulli(ten(self), generator(g))) }
void* kt_random_multinomial(void* self, int64_t samples, int32_t replacement, void* g) {
  KT_TENSOR("multinomial", (self), at::multinomial(ten(self), samples, replacement != 0, generator(g)))
}
