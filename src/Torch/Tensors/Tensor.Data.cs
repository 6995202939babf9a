using System.Runtime.CompilerServices;
using KdRobust.Torch;
using KdRobust.Torch.Interop;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The only element.</summary>
        /// <exception cref="InvalidOperationException"><typeparamref name="T"/> is not the C# type of <see cref="dtype"/>.</exception>
        public unsafe T item<T>() where T : unmanaged
        {
            ElementsMustBe<T>();
            T value = default;
            Native.Check(Native.kt_tensor_item(Handle, (IntPtr)(&value)));
            return value;
        }

        /// <summary>The elements in row-major order, for reading and writing; the tensor must be on the CPU.</summary>
        /// <exception cref="InvalidOperationException"><typeparamref name="T"/> is not the C# type of <see cref="dtype"/>.</exception>
        public TensorAccessor<T> data<T>() where T : unmanaged
        {
            ElementsMustBe<T>();
            return new TensorAccessor<T>(this);
        }

        /// <summary>
        /// The memory of a contiguous CPU tensor. The span is valid as long as the tensor is held and not disposed. Setting it
        /// copies as many bytes as the tensor has.
        /// </summary>
        /// <exception cref="InvalidOperationException">The tensor is not contiguous.</exception>
        public unsafe Span<byte> bytes
        {
            get => new((void*)ContiguousAddress(), checked((int)(numel() * ElementSize)));
            set
            {
                fixed (byte* source = value) Native.Check(Native.kt_tensor_write(Handle, (IntPtr)source, value.Length));
            }
        }

        /// <summary>The only element as a scalar, on any device.</summary>
        public unsafe Scalar ToScalar()
        {
            long bits = 0;
            var type = dtype;
            Native.Check(Native.kt_tensor_item(Handle, (IntPtr)(&bits)));
            return type switch
            {
                ScalarType.Float32 => Unsafe.As<long, float>(ref bits),
                ScalarType.Float64 => Unsafe.As<long, double>(ref bits),
                ScalarType.Int64 => bits,
                ScalarType.Int32 => Unsafe.As<long, int>(ref bits),
                ScalarType.Int16 => Unsafe.As<long, short>(ref bits),
                ScalarType.Int8 => Unsafe.As<long, sbyte>(ref bits),
                ScalarType.Byte => Unsafe.As<long, byte>(ref bits),
                ScalarType.Bool => Unsafe.As<long, byte>(ref bits) != 0,
                ScalarType.Float16 => Unsafe.As<long, Half>(ref bits),
                ScalarType.BFloat16 => (float)Unsafe.As<long, BFloat16>(ref bits),
                _ => throw new NotSupportedException($"No number of C# holds a {type}."),
            };
        }

        internal IntPtr ContiguousAddress()
        {
            if (!is_contiguous()) throw new InvalidOperationException($"The memory of a tensor that is not contiguous has no row-major order: {this}. Call contiguous() first.");
            var address = Native.kt_tensor_data(Handle);
            return address != IntPtr.Zero || numel() == 0 ? address : throw TorchException.OfLastCall();
        }

        internal unsafe void CopyTo<T>(Span<T> target) where T : unmanaged
        {
            fixed (T* address = target) Native.Check(Native.kt_tensor_read(Handle, (IntPtr)address, (long)target.Length * sizeof(T)));
        }

        internal unsafe void CopyFrom<T>(ReadOnlySpan<T> source) where T : unmanaged
        {
            fixed (T* address = source) Native.Check(Native.kt_tensor_write(Handle, (IntPtr)address, (long)source.Length * sizeof(T)));
        }

        private void ElementsMustBe<T>() where T : unmanaged
        {
            if (dtype != TypeOf(typeof(T)))
                throw new InvalidOperationException($"The tensor's elements are {dtype}, not {typeof(T).Name}. Cast it first, for instance with to(ScalarType.{TypeOf(typeof(T))}).");
        }
    }
}

/// <summary>Reading numbers out of tensors, and tensors' bytes to and from streams.</summary>
public static partial class TensorExtensionMethods
{
    public static float ToSingle(this torch.Tensor value) => value.ToScalar().ToSingle();

    public static double ToDouble(this torch.Tensor value) => value.ToScalar().ToDouble();

    public static byte ToByte(this torch.Tensor value) => value.ToScalar().ToByte();

    public static int ToInt32(this torch.Tensor value) => value.ToScalar().ToInt32();

    public static long ToInt64(this torch.Tensor value) => value.ToScalar().ToInt64();

    public static bool ToBoolean(this torch.Tensor value) => value.ToScalar().ToBoolean();
}
