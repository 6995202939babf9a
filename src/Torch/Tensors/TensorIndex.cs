using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>One place of an indexing expression: an integer, a slice, a mask, a tensor of integers, an ellipsis, a new dimension.</summary>
    public readonly struct TensorIndex
    {
        /// <summary>As many whole dimensions as are left.</summary>
        public static readonly TensorIndex Ellipsis = new(1);

        /// <summary>A new dimension of extent 1.</summary>
        public static readonly TensorIndex None = new(0);

        /// <inheritdoc cref="None"/>
        public static readonly TensorIndex Null = new(0);

        /// <summary>A whole dimension.</summary>
        public static readonly TensorIndex Colon = Slice();

        private readonly long kind, a, b, c;

        private TensorIndex(long kind, long a = 0, long b = 0, long c = 0, Tensor? tensor = null)
        {
            this.kind = kind;
            this.a = a;
            this.b = b;
            this.c = c;
            Values = tensor;
        }

        internal Tensor? Values { get; }

        /// <summary>start, start + step, .. below stop; negative bounds count from the end.</summary>
        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) =>
            new(4, start ?? NativeIndex.NotGiven, stop ?? NativeIndex.NotGiven, step ?? NativeIndex.NotGiven);

        public static TensorIndex Slice(Range range) => new(4, Bound(range.Start), range.End.Equals(Index.End) ? NativeIndex.NotGiven : Bound(range.End), NativeIndex.NotGiven);

        /// <summary>A new dimension of extent 1 (true) or 0 (false).</summary>
        public static TensorIndex Bool(bool value) => new(3, value ? 1 : 0);

        /// <summary>One slice, whose dimension goes.</summary>
        public static TensorIndex Single(long? index) => new(2, index ?? throw new ArgumentNullException(nameof(index)));

        /// <summary>Slices by number (int64), or a mask (bool).</summary>
        public static TensorIndex Tensor(Tensor tensor) => new(5, tensor: tensor ?? throw new ArgumentNullException(nameof(tensor)));

        public static implicit operator TensorIndex(long value) => new(2, value);

        public static implicit operator TensorIndex(Range range) => Slice(range);

        public static implicit operator TensorIndex(Index index) => new(2, Bound(index));

        public static implicit operator TensorIndex((int? start, int? end) range) => Slice(range.start, range.end);

        internal NativeIndex ToNative(IntPtr tensor) => new(kind, a, b, c, tensor);

        private static long Bound(Index index) => index.IsFromEnd ? -index.Value : index.Value;
    }
}
