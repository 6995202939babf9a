using TorchSharp;

namespace KdRobust.Torch.Interop;

/// <summary>kt_scalar: a number that keeps its kind (0 none, 1 bool, 2 integer, 3 double).</summary>
internal readonly record struct NativeScalar(long Bits, long Kind)
{
    internal static readonly NativeScalar None;

    /// <summary>The number of an optional argument.</summary>
    internal static NativeScalar Of(Scalar? scalar) => scalar is null ? None : scalar.Native;
}

/// <summary>kt_index: one index of an indexing expression.</summary>
internal readonly record struct NativeIndex(long Kind, long A, long B, long C, IntPtr Tensor)
{
    /// <summary>The bound of a slice that was not given.</summary>
    internal const long NotGiven = long.MinValue;
}
