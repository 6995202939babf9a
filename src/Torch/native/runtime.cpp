// Errors, versions, threads and process-wide switches.
#include "guard.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>

#include <exception>
#include <sstream>

namespace kt {

namespace {
thread_local std::string message;
thread_local std::string returned;

const char* type_name(at::ScalarType type) {
  switch (type) {
    case at::kByte: return "uint8";
    case at::kChar: return "int8";
    case at::kShort: return "int16";
    case at::kInt: return "int32";
    case at::kLong: return "int64";
    case at::kHalf: return "float16";
    case at::kFloat: return "float32";
    case at::kDouble: return "float64";
    case at::kBool: return "bool";
    case at::kBFloat16: return "bfloat16";
    default: return c10::toString(type);
  }
}

void describe_one(std::ostringstream& text, const at::Tensor& t) {
  if (!t.defined()) {
    text << "undefined";
    return;
  }
  text << type_name(t.scalar_type()) << '[';
  for (int64_t i = 0; i < t.dim(); i++) text << (i == 0 ? "" : ", ") << t.size(i);
  text << ']';
  if (!t.device().is_cpu()) text << " on " << t.device().str();
}
}  // namespace

std::string describe_tensors(std::initializer_list<const void*> tensors) noexcept {
  try {
    std::ostringstream text;
    bool first = true;
    for (const void* handle : tensors) {
      if (!first) text << ", ";
      first = false;
      if (handle == nullptr) text << "none";
      else describe_one(text, *static_cast<const at::Tensor*>(handle));
    }
    return text.str();
  } catch (...) {
    return "?";
  }
}

void fail(const char* op, const std::string& arguments) noexcept {
  try {
    std::string what;
    try {
      throw;
    } catch (const c10::Error& e) {
      what = e.what_without_backtrace();
    } catch (const std::exception& e) {
      what = e.what();
    } catch (...) {
      what = "an exception that is not a std::exception";
    }
    // Newer versions append the C++ stack to the text itself.
    if (auto stack = what.find("\nException raised from"); stack != std::string::npos) what.resize(stack);
    message = std::string(op) + "(" + arguments + "): " + what;
  } catch (...) {
    message.clear();
  }
}

}  // namespace kt

const char* kt_last_error() {
  kt::returned = std::move(kt::message);
  kt::message.clear();
  return kt::returned.c_str();
}

int32_t kt_abi_version() { return KT_ABI_VERSION; }

const char* kt_built_version() { return TORCH_VERSION; }

const char* kt_build_summary() {
  static const std::string text = at::show_config();
  return text.c_str();
}

const char* kt_loaded_version() {
  // libtorch has no version function of its own in every release; its description of the build has the number.
  static const std::string version = [] {
    const std::string text = at::show_config();
    const std::string key = "TORCH_VERSION=";
    auto start = text.find(key);
    if (start == std::string::npos) return std::string();
    start += key.size();
    return text.substr(start, text.find_first_of(", \n", start) - start);
  }();
  return version.c_str();
}

int32_t kt_built_with_cuda() {
#ifdef KT_CUDA
  return 1;
#else
  return 0;
#endif
}

int32_t kt_get_num_threads() { return at::get_num_threads(); }
int32_t kt_set_num_threads(int32_t threads) { KT_STATUS("set_num_threads", (), at::set_num_threads(threads)) }
int32_t kt_get_num_interop_threads() { return at::get_num_interop_threads(); }
int32_t kt_set_num_interop_threads(int32_t threads) { KT_STATUS("set_num_interop_threads", (), at::set_num_interop_threads(threads)) }

int32_t kt_get_flag(int32_t flag) {
  auto& context = at::globalContext();
  switch (flag) {
    case KT_FLAG_DETERMINISTIC: return context.deterministicAlgorithms();
    case KT_FLAG_TF32_CUDNN: return context.allowTF32CuDNN();
    case KT_FLAG_TF32_MATMUL: return context.allowTF32CuBLAS();
    case KT_FLAG_CUDNN_BENCHMARK: return context.benchmarkCuDNN();
    case KT_FLAG_CUDNN_DETERMINISTIC: return context.deterministicCuDNN();
    case KT_FLAG_MKLDNN: return context.userEnabledMkldnn();
    default: return -1;
  }
}

int32_t kt_set_flag(int32_t flag, int32_t value) {
  KT_STATUS("set_flag", (), {
    auto& context = at::globalContext();
    const bool on = value != 0;
    switch (flag) {
      case KT_FLAG_DETERMINISTIC: context.setDeterministicAlgorithms(on, false); break;
      case KT_FLAG_TF32_CUDNN: context.setAllowTF32CuDNN(on); break;
      case KT_FLAG_TF32_MATMUL: context.setAllowTF32CuBLAS(on); break;
      case KT_FLAG_CUDNN_BENCHMARK: context.setBenchmarkCuDNN(on); break;
      case KT_FLAG_CUDNN_DETERMINISTIC: context.setDeterministicCuDNN(on); break;
      case KT_FLAG_MKLDNN: context.setUserEnabledMkldnn(on); break;
      default: TORCH_CHECK(false, "unknown flag ", flag);
    }
  })
}
