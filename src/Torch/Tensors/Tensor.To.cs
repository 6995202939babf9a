using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    // Copies and casts. What already has the wanted type and device is returned as another object for the same tensor,
    // unless copy is set. disposeAfter disposes this tensor.
    public partial class Tensor
    {
        public Tensor to(DeviceType deviceType, int deviceIndex = -1, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            To(-1, (int)deviceType, deviceIndex, copy, disposeAfter, non_blocking);

        public Tensor to(ScalarType type, Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            To((int)type, (int)device.type, device.index, copy, disposeAfter, non_blocking);

        public Tensor to(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            To((int)type, -1, -1, copy, disposeAfter, non_blocking);

        public Tensor to(string device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to(new Device(device), copy, disposeAfter, non_blocking);

        public Tensor to(Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            To(-1, (int)device.type, device.index, copy, disposeAfter, non_blocking);

        public Tensor to_type(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to(type, copy, disposeAfter, non_blocking);

        public Tensor type_as(Tensor tensor) => to(tensor.dtype);

        public Tensor @bool() => to(ScalarType.Bool);

        public Tensor @int() => to(ScalarType.Int32);

        public Tensor @long() => to(ScalarType.Int64);

        public Tensor half() => to(ScalarType.Float16);

        public Tensor bfloat16() => to(ScalarType.BFloat16);

        public Tensor @float() => to(ScalarType.Float32);

        public Tensor @double() => to(ScalarType.Float64);

        public Tensor cpu() => To(-1, (int)DeviceType.CPU, -1, false, false, false);

        public Tensor cuda(Device? device = null, bool non_blocking = false) =>
            To(-1, (int)DeviceType.CUDA, device?.index ?? -1, false, false, non_blocking);

        /// <summary>This tensor when its elements lie in row-major order without gaps, else such a copy.</summary>
        public Tensor contiguous() => Native.Own(Native.kt_tensor_contiguous(Handle, 0));

        /// <summary>A copy that autograd sees.</summary>
        public Tensor clone() => Native.Own(Native.kt_tensor_clone(Handle));

        /// <summary>A copy in page-locked memory, from which copies to a CUDA device are faster.</summary>
        public Tensor pin_memory() => Native.Own(Native.kt_tensor_pin_memory(Handle));

        /// <summary>Takes over the values of another tensor, which broadcasts and is cast.</summary>
        public Tensor copy_(Tensor source, bool nonBlocking = false) => This(Native.kt_tensor_copy_(Handle, source.Handle, nonBlocking));

        private Tensor To(int type, int deviceType, int deviceIndex, bool copy, bool disposeAfter, bool nonBlocking)
        {
            var result = Native.Own(Native.kt_tensor_to(Handle, type, deviceType, deviceIndex, -1, nonBlocking, copy));
            if (disposeAfter) Dispose();
            return result;
        }
    }
}
