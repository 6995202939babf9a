using KdRobust.Torch;
using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// A tensor of libtorch. An operation returns a new one, except those whose name ends in an underscore, which change
    /// this one and return it. It is freed by Dispose, by the <see cref="DisposeScope"/> it was made in, or in the end by the
    /// garbage collector, which does not see how much memory hangs on it.
    /// </summary>
    /// <exception cref="ObjectDisposedException">Any use after Dispose.</exception>
    /// <exception cref="TorchException">libtorch refused an operation; the message names it and the shapes.</exception>
    public partial class Tensor : IDisposable
    {
        private readonly TensorHandle handle;

        /// <summary>Takes ownership of a native tensor and enters it into the current dispose scope.</summary>
        internal Tensor(IntPtr native)
        {
            handle = new TensorHandle(native);
            DisposeScope.Current?.Add(this);
        }

        /// <summary>The native tensor, for calls.</summary>
        internal TensorHandle Handle
        {
            get
            {
                if (handle.IsClosed) throw Disposed();
                return handle;
            }
        }

        /// <summary>The scope that will free this tensor.</summary>
        internal DisposeScope? Owner { get; set; }

        /// <summary>The place in that scope's list.</summary>
        internal int Slot { get; set; }

        /// <summary>Tensors alive in this process.</summary>
        public static long TotalCount => TensorStatistics.Live;

        /// <summary>The most tensors that were alive at once.</summary>
        public static long PeakCount => TensorStatistics.Peak;

        /// <summary>True after Dispose.</summary>
        public bool IsInvalid => handle.IsClosed;

        /// <summary>The extents.</summary>
        public long[] shape
        {
            get
            {
                var sizes = new long[dim()];
                Native.Check(Native.kt_tensor_sizes(Handle, sizes));
                return sizes;
            }
        }

        /// <summary>The element type.</summary>
        public ScalarType dtype => (ScalarType)Native.kt_tensor_dtype(Handle);

        /// <summary>Where the data is.</summary>
        public Device device
        {
            get
            {
                var type = (DeviceType)Native.kt_tensor_device(Handle, out var index);
                return type == DeviceType.CPU ? CPU : new Device(type, index);
            }
        }

        public DeviceType device_type => (DeviceType)Native.kt_tensor_device(Handle, out _);

        public bool is_cuda => device_type == DeviceType.CUDA;

        /// <summary>The number of dimensions.</summary>
        public long ndim => dim();

        public long Dimensions => dim();

        public long NumberOfElements => numel();

        /// <summary>Bytes of one element.</summary>
        public long ElementSize => Native.kt_tensor_element_size(Handle);

        /// <summary>The number of dimensions.</summary>
        public long dim() => Native.kt_tensor_dim(Handle);

        /// <summary>The number of elements.</summary>
        public long numel() => Native.kt_tensor_numel(Handle);

        /// <summary>The extent of one dimension; a negative one counts from the end.</summary>
        public long size(int dim)
        {
            var size = Native.kt_tensor_size(Handle, dim);
            return size == long.MinValue ? throw TorchException.OfLastCall() : size;
        }

        /// <summary>The extents.</summary>
        public long[] size() => shape;

        /// <summary>The distance in elements between neighbours, by dimension.</summary>
        public long[] stride()
        {
            var strides = new long[dim()];
            Native.Check(Native.kt_tensor_strides(Handle, strides));
            return strides;
        }

        public long stride(int dim) => stride()[dim < 0 ? dim + (int)this.dim() : dim];

        public bool is_floating_point() => torch.is_floating_point(dtype);

        public bool is_integral() => torch.is_integral(dtype);

        /// <summary>True when the elements lie in row-major order without gaps.</summary>
        public bool is_contiguous() => Native.kt_tensor_is_contiguous(Handle, 0);

        public bool is_pinned() => Native.kt_tensor_is_pinned(Handle);

        /// <summary>A second object for the same tensor: same data, same place in the autograd graph.</summary>
        public Tensor alias() => Native.Own(Native.kt_tensor_alias(Handle));

        /// <summary>Hands this tensor to the scope around the one it is in; to nobody when there is none. Returns it.</summary>
        public Tensor MoveToOuterDisposeScope()
        {
            Owner?.MoveToOuter(this);
            return this;
        }

        /// <summary>Takes this tensor out of its scope: its holder frees it. Returns it.</summary>
        public Tensor DetachFromDisposeScope()
        {
            Owner?.Remove(this);
            return this;
        }

        /// <summary>Moves this tensor to the scope of another one. Returns it.</summary>
        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.Owner);

        /// <summary>Moves this tensor to another scope. Returns it.</summary>
        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            Owner?.Remove(this);
            other?.Add(this);
            return this;
        }

        /// <summary>Frees the native tensor; its memory too, unless a view or the autograd graph still holds it.</summary>
        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            if (!disposing) return;
            Owner?.Remove(this);
            handle.Dispose();
        }

        /// <summary>Gives the native tensor away; this object counts as disposed.</summary>
        internal IntPtr Release()
        {
            if (handle.IsClosed) throw Disposed();
            Owner?.Remove(this);
            return handle.Release();
        }

        /// <summary>What an in-place operation returns: this tensor, when the native call succeeded.</summary>
        private Tensor This(int status)
        {
            Native.Check(status);
            return this;
        }

        private static ObjectDisposedException Disposed() => new(
            "Tensor", "The tensor was disposed, by Dispose or by the dispose scope it was made in. Keep it with MoveToOuterDisposeScope or DetachFromDisposeScope.");
    }
}
