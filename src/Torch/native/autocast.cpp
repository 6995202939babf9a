// Autocast: eligible operations run in a reduced type. The state is of the calling thread.
#include "guard.h"

#include <ATen/autocast_mode.h>

using namespace kt;

// 2.4 gave the switches a device type; before, each device had functions of its own.
#if KT_TORCH >= 204

int32_t kt_autocast_is_enabled(int32_t device_type) {
  KT_GUARD("autocast", (), 0, return at::autocast::is_autocast_enabled(static_cast<at::DeviceType>(device_type)))
}
int32_t kt_autocast_dtype(int32_t device_type) {
  KT_GUARD("autocast", (), -1, return static_cast<int32_t>(at::autocast::get_autocast_dtype(static_cast<at::DeviceType>(device_type))))
}
int32_t kt_autocast_set(int32_t device_type, int32_t enabled, int32_t dtype) {
  KT_STATUS("autocast", (), {
    at::autocast::set_autocast_enabled(static_cast<at::DeviceType>(device_type), enabled != 0);
    at::autocast::set_autocast_dtype(static_cast<at::DeviceType>(device_type), static_cast<at::ScalarType>(dtype));
  })
}

#else

int32_t kt_autocast_is_enabled(int32_t device_type) {
  return static_cast<at::DeviceType>(device_type) == at::kCUDA ? at::autocast::is_enabled() : at::autocast::is_cpu_enabled();
}
int32_t kt_autocast_dtype(int32_t device_type) {
  return static_cast<int32_t>(static_cast<at::DeviceType>(device_type) == at::kCUDA ? at::autocast::get_autocast_gpu_dtype() : at::autocast::get_autocast_cpu_dtype());
}
int32_t kt_autocast_set(int32_t device_type, int32_t enabled, int32_t dtype) {
  KT_STATUS("autocast", (), {
    if (static_cast<at::DeviceType>(device_type) == at::kCUDA) {
      at::autocast::set_enabled(enabled != 0);
      at::autocast::set_autocast_gpu_dtype(static_cast<at::ScalarType>(dtype));
    } else {
      at::autocast::set_cpu_enabled(enabled != 0);
      at::autocast::set_autocast_cpu_dtype(static_cast<at::ScalarType>(dtype));
    }
  })
}

#endif

int32_t kt_autocast_nesting(int32_t enter) {
  KT_STATUS("autocast", (), {
    if (enter != 0) at::autocast::increment_nesting();
    else if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  })
}
