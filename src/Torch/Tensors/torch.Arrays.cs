using System.Runtime.InteropServices;
using KdRobust.Torch;
using KdRobust.Torch.Interop;

namespace TorchSharp;

// Tensors from numbers and arrays. The values are copied; dtype casts them; dimensions are row-major.
public static partial class torch
{
    public static Tensor tensor(bool scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        OfScalar(scalar, dtype ?? ScalarType.Bool, device, requires_grad);

    public static Tensor tensor(bool[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<bool>(rawArray, [rawArray.LongLength], dtype, device, requires_grad, names);

    public static Tensor tensor(bool[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<bool>(rawArray, dimensions, dtype, device, requires_grad, names);

    public static Tensor tensor(byte scalar, Device? device = null, bool requires_grad = false) =>
        OfScalar(scalar, ScalarType.Byte, device, requires_grad);

    public static Tensor tensor(byte[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<byte>(rawArray, [rawArray.LongLength], dtype, device, requires_grad, names);

    public static Tensor tensor(byte[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<byte>(rawArray, dimensions, dtype, device, requires_grad, names);

    public static Tensor tensor(sbyte scalar, Device? device = null, bool requires_grad = false) =>
        OfScalar(scalar, ScalarType.Int8, device, requires_grad);

    public static Tensor tensor(sbyte[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<sbyte>(rawArray, [rawArray.LongLength], dtype, device, requires_grad, names);

    public static Tensor tensor(sbyte[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<sbyte>(rawArray, dimensions, dtype, device, requires_grad, names);

    public static Tensor tensor(short scalar, Device? device = null, bool requires_grad = false) =>
        OfScalar(scalar, ScalarType.Int16, device, requires_grad);

    public static Tensor tensor(short[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<short>(rawArray, [rawArray.LongLength], dtype, device, requires_grad, names);

    public static Tensor tensor(short[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<short>(rawArray, dimensions, dtype, device, requires_grad, names);

    public static Tensor tensor(int scalar, Device? device = null, bool requires_grad = false) =>
        OfScalar(scalar, ScalarType.Int32, device, requires_grad);

    public static Tensor tensor(int[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<int>(rawArray, [rawArray.LongLength], dtype, device, requires_grad, names);

    public static Tensor tensor(int[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<int>(rawArray, dimensions, dtype, device, requires_grad, names);

    public static Tensor tensor(long scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        OfScalar(scalar, dtype ?? ScalarType.Int64, device, requires_grad);

    public static Tensor tensor(long[] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<long>(dataArray, [dataArray.LongLength], dtype, device, requires_grad, names);

    public static Tensor tensor(long[] dataArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<long>(dataArray, dimensions, dtype, device, requires_grad, names);

    public static Tensor tensor(float scalar, Device? device = null, bool requires_grad = false) =>
        OfScalar(scalar, ScalarType.Float32, device, requires_grad);

    public static Tensor tensor(float[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<float>(rawArray, [rawArray.LongLength], dtype, device, requires_grad, names);

    public static Tensor tensor(float[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<float>(rawArray, dimensions, dtype, device, requires_grad, names);

    public static Tensor tensor(double scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        OfScalar(scalar, dtype ?? ScalarType.Float64, device, requires_grad);

    public static Tensor tensor(double[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<double>(rawArray, [rawArray.LongLength], dtype, device, requires_grad, names);

    public static Tensor tensor(double[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        OfSpan<double>(rawArray, dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of an array of any rank, with its shape.</summary>
    public static Tensor from_array(Array rawArray, Device? device = null) => from_array(rawArray, null, device);

    /// <inheritdoc cref="from_array(Array, Device)"/>
    public static Tensor from_array(Array rawArray, ScalarType? dtype, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        var type = TypeOf(rawArray.GetType().GetElementType()!);
        var dimensions = new long[rawArray.Rank];
        for (var i = 0; i < dimensions.Length; i++) dimensions[i] = rawArray.GetLongLength(i);
        return OfBytes(BytesOf(rawArray, type), type, dimensions, dtype, device, requires_grad, names);
    }

    /// <summary>
    /// A vector over the memory of a one-dimensional array, without a copy: changes of one show in the other. The array
    /// is pinned as long as the tensor or a view of it lives. <paramref name="count"/> elements after <paramref name="offset"/>;
    /// -1 for all that remain.
    /// </summary>
    public static unsafe Tensor frombuffer(Array rawArray, ScalarType dtype, long count = -1, long offset = 0, bool requires_grad = false)
    {
        ArgumentNullException.ThrowIfNull(rawArray);
        if (TypeOf(rawArray.GetType().GetElementType()!) != dtype)
            throw new ArgumentException($"The array holds {rawArray.GetType().GetElementType()!.Name}, not {dtype}; its memory is not reinterpreted.", nameof(dtype));
        if (offset < 0 || offset > rawArray.LongLength)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"Expected 0..{rawArray.LongLength}.");
        if (count < 0) count = rawArray.LongLength - offset;
        if (count > rawArray.LongLength - offset)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"The array has only {rawArray.LongLength - offset} elements after the offset.");
        var pin = GCHandle.Alloc(rawArray, GCHandleType.Pinned);
        var address = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(rawArray, 0) + offset * SizeOf(dtype);
        var native = Native.kt_tensor_from_blob((IntPtr)address, [count], 1, (int)dtype, &FreePin, GCHandle.ToIntPtr(pin));
        if (native == IntPtr.Zero) pin.Free();
        return Finish(native, requires_grad, null);
    }

    internal static Tensor OfScalar(Scalar value, ScalarType dtype, Device? device, bool requiresGrad) =>
        Finish(Native.kt_tensor_scalar(value.Native, (int)dtype, DefaultDevice.TypeOf(device), DefaultDevice.IndexOf(device)), requiresGrad, null);

    private static Tensor OfSpan<T>(ReadOnlySpan<T> values, ReadOnlySpan<long> dimensions, ScalarType? dtype, Device? device, bool requiresGrad, string[]? names)
        where T : unmanaged => OfBytes(MemoryMarshal.AsBytes(values), TypeOf(typeof(T)), dimensions, dtype, device, requiresGrad, names);

    private static unsafe Tensor OfBytes(
        ReadOnlySpan<byte> values, ScalarType type, ReadOnlySpan<long> dimensions, ScalarType? dtype, Device? device, bool requiresGrad, string[]? names)
    {
        var elements = 1L;
        foreach (var extent in dimensions) elements = checked(elements * extent);
        if (elements != values.Length / SizeOf(type))
            throw new ArgumentException($"Shape [{string.Join(", ", dimensions.ToArray())}] has {elements} elements, the array {values.Length / SizeOf(type)}.", nameof(dimensions));
        var place = DefaultDevice.Or(device);
        var raw = empty(dimensions.ToArray(), type, CPU);
        raw.CopyFrom(values);
        if ((dtype is null || dtype == type) && place.type == DeviceType.CPU) return Finish(raw, requiresGrad, names);
        using (raw) return Finish(raw.to(dtype ?? type, place), requiresGrad, names);
    }

    private static Tensor Finish(Tensor tensor, bool requiresGrad, string[]? names)
    {
        if (names is not null) throw new NotSupportedException("Dimensions have no names here; leave names out.");
        return requiresGrad ? tensor.requires_grad_() : tensor;
    }

    private static ReadOnlySpan<byte> BytesOf(Array array, ScalarType type) =>
        array.Length == 0 ? [] : MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(array), checked(array.Length * SizeOf(type)));

    [UnmanagedCallersOnly]
    private static void FreePin(IntPtr pin) => GCHandle.FromIntPtr(pin).Free();
}
