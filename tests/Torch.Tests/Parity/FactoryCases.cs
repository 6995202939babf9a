using static TorchSharp.torch;

namespace KdRobust.Torch.Tests.Parity;

static class FactoryCases
{
    internal static CaseTable Table => new()
    {
        { "zeros/float", () => zeros([2, 3]) },
        { "zeros/long", () => zeros([2], ScalarType.Int64) },
        { "ones/float", () => ones([2, 3]) },
        { "full/float", () => full([2, 3], 0.1) },
        { "full/long", () => full([3], 7, ScalarType.Int64) },
        { "arange/int", () => arange(1, 9, 3) },
        { "arange/float", () => arange(0.0, 1.0, 0.3) },
        { "arange/double", () => arange(-1, 1, 0.25, ScalarType.Float64) },
        { "tensor/bytes", () => tensor(new byte[] { 0, 7, 255, 128 }, [2, 2]) },
        { "tensor/floats", () => tensor(new[] { 0.1f, -2.5f, 1e-8f, 3e8f }, [2, 2]) },
        { "frombuffer/offset", () => frombuffer(new[] { 1f, 2f, 3f, 4f, 5f, 6f }, ScalarType.Float32, 3, 2) },
        { "from_array/rank2", () => from_array(new long[,] { { 1, 2, 3 }, { 4, 5, 6 } }) },
        { "zeros_like/dtype", a => zeros_like(a, ScalarType.Int64) },
        { "rand_like/shape", a => { manual_seed(5); return rand_like(a); } },
        { "cat/rows", (a, b) => cat([a, b], 0) },
        { "cat/columns", (a, b) => cat([a, b], -1) },
        { "stack/first", (a, b) => stack([a, b]) },
        { "stack/last", (a, b) => stack([a, b], 2) },
        { "where/broadcast", (c, a, b) => where(c, a, b) },
        { "maximum/broadcast", (a, b) => maximum(a, b) },
        { "minimum/broadcast", (a, b) => minimum(a, b) },
        { "linspace/five", () => linspace(-1.0, 2.0, 5) },
        { "eye/square", () => eye(3) },
        { "eye/wide", () => eye(2, 4, ScalarType.Float64) },
        { "ones_like/plain", a => ones_like(a) },
        { "full_like/plain", a => full_like(a, 2.5) },
        { "full_like/long", a => full_like(a, 4) },
    };
}
