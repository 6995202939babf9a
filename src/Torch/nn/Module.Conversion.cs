namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public abstract partial class Module
        {
            /// <summary>
            /// Converts parameters, their gradients and buffers in place: the objects stay the same. Only floating-point
            /// tensors change their element type (a counter such as num_batches_tracked stays an integer).
            /// </summary>
            internal virtual Module _to(Device? device, ScalarType? type, bool non_blocking)
            {
                using var guard = no_grad();
                foreach (var (_, owner) in Owners(recurse: true))
                {
                    foreach (var parameter in owner._parameters.Values)
                    {
                        if (parameter is null)
                            continue;
                        Convert(parameter, device, type, non_blocking);
                        using var gradient = parameter.grad;
                        if (gradient is not null)
                            Convert(gradient, device, type, non_blocking);
                    }
                    foreach (var (tensor, _) in owner._buffers.Values)
                    {
                        if (tensor is not null)
                            Convert(tensor, device, type, non_blocking);
                    }
                }
                return this;
            }

            private static void Convert(Tensor tensor, Device? device, ScalarType? type, bool non_blocking)
            {
                var newType = type is { } wanted && tensor.is_floating_point() ? wanted : tensor.dtype;
                using var converted = tensor.to(newType, device ?? tensor.device, non_blocking: non_blocking);
                if (!ReferenceEquals(converted, tensor))
                    TensorData.Replace(tensor, converted);
            }
        }
    }
}

/// <summary>Conversions that return the module with its own type.</summary>
public static class ModuleExtensionMethods
{
    /// <summary>Converts floating-point parameters and buffers to an element type.</summary>
    public static T to<T>(this T module, torch.ScalarType type, bool non_blocking = false) where T : torch.nn.Module
    {
        ArgumentNullException.ThrowIfNull(module);
        return (T)module._to(null, type, non_blocking);
    }

    /// <summary>Moves to a device and converts floating-point parameters and buffers to an element type.</summary>
    public static T to<T>(this T module, torch.Device device, torch.ScalarType type, bool non_blocking = false) where T : torch.nn.Module
    {
        ArgumentNullException.ThrowIfNull(module);
        return (T)module._to(device, type, non_blocking);
    }

    /// <summary>Moves to a device.</summary>
    public static T to<T>(this T module, torch.Device device, bool non_blocking = false) where T : torch.nn.Module
    {
        ArgumentNullException.ThrowIfNull(module);
        return (T)module._to(device, null, non_blocking);
    }

    /// <summary>Moves to a device.</summary>
    public static T to<T>(this T module, DeviceType deviceType, int deviceIndex = -1, bool non_blocking = false) where T : torch.nn.Module
    {
        ArgumentNullException.ThrowIfNull(module);
        return (T)module._to(new torch.Device(deviceType, deviceIndex), null, non_blocking);
    }

    /// <summary>Moves to the device that a string such as "cuda:0" names.</summary>
    public static T to<T>(this T module, string device, bool non_blocking = false) where T : torch.nn.Module
    {
        ArgumentNullException.ThrowIfNull(module);
        return (T)module._to(new torch.Device(device), null, non_blocking);
    }

    /// <summary>Moves to the CPU.</summary>
    public static T cpu<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => module.to(DeviceType.CPU, -1, non_blocking);

    /// <summary>Moves to a GPU; -1 is the current one.</summary>
    public static T cuda<T>(this T module, int deviceIndex = -1, bool non_blocking = false) where T : torch.nn.Module => module.to(DeviceType.CUDA, deviceIndex, non_blocking);

    /// <summary>Converts floating-point parameters and buffers to float16.</summary>
    public static T half<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => module.to(torch.ScalarType.Float16, non_blocking);

    /// <summary>Converts floating-point parameters and buffers to bfloat16.</summary>
    public static T bfloat16<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => module.to(torch.ScalarType.BFloat16, non_blocking);

    /// <summary>Converts floating-point parameters and buffers to float32.</summary>
    public static T @float<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => module.to(torch.ScalarType.Float32, non_blocking);

    /// <summary>Converts floating-point parameters and buffers to float64.</summary>
    public static T @double<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => module.to(torch.ScalarType.Float64, non_blocking);
}
