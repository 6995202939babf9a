// Random numbers: generators and the operations that draw from one. generator = null: the default one of the device.
#pragma once
#include "kdr_torch.h"

KT_API void kt_generator_free(void* generator);
KT_API void* kt_generator_new(uint64_t seed, int32_t device_type, int32_t device_index);
KT_API void* kt_generator_default(int32_t device_type, int32_t device_index);
KT_API int32_t kt_generator_manual_seed(void* generator, uint64_t seed);
// A fresh seed from the operating system, set and returned in *seed.
KT_API int32_t kt_generator_seed(void* generator, uint64_t* seed);
KT_API int32_t kt_generator_initial_seed(void* generator, uint64_t* seed);
KT_API void* kt_generator_get_state(void* generator);
KT_API int32_t kt_generator_set_state(void* generator, void* state);
KT_API int32_t kt_generator_device(void* generator, int32_t* index);
// Seeds the default generators of every device.
KT_API int32_t kt_random_manual_seed(uint64_t seed);

KT_API void* kt_random_rand(const int64_t* sizes, int64_t dims, void* generator, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_random_randn(const int64_t* sizes, int64_t dims, void* generator, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_random_randint(int64_t low, int64_t high, const int64_t* sizes, int64_t dims, void* generator, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_random_randperm(int64_t n, void* generator, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_random_rand_like(void* self, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API void* kt_random_randn_like(void* self, int32_t dtype, int32_t device_type, int32_t device_index);
KT_API int32_t kt_random_uniform_(void* self, double from, double to, void* generator);
KT_API int32_t kt_random_normal_(void* self, double mean, double std, void* generator);
KT_API int32_t kt_random_random_(void* self, int64_t from, int64_t to, void* generator);
KT_API int32_t kt_random_exponential_(void* self, double lambda, void* generator);
KT_API int32_t kt_random_bernoulli_(void* self, double p, void* generator);
KT_API int32_t kt_random_bernoulli_tensor_(void* self, void* p, void* generator);
KT_API void* kt_random_bernoulli(void* self, void* generator);
KT_API void* kt_random_multinomial(void* self, int64_t samples, int32_t replacement, void* generator);
