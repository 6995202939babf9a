using KdRobust.Learning.Weights.Pickles;
using static TorchSharp.torch;

namespace KdRobust.Learning.Weights.Import;

/// <summary>A PyTorch file, either container: where its storages are, is the container's.</summary>
internal abstract class TorchFile(FileStream stream, string path, string format, TorchStateDict found) : IWeightsFile
{
    public string Path => path;

    public string Source => $"{format}, {found.Place}";

    public IReadOnlyList<FileTensor> Tensors { get; } = [.. found.Tensors.Select(entry => new FileTensor(entry.Key, entry.Value.Storage.Type, entry.Value.Shape))];

    public IReadOnlyList<(string Name, string What)> Others => found.Others;

    protected FileStream Stream => stream;

    /// <summary>Fills <paramref name="into"/> with bytes of a storage that are inside it.</summary>
    protected abstract void Read(TorchStorage storage, long begin, Span<byte> into);

    public Tensor Load(string name)
    {
        var stored = found.Tensors[name];
        var size = TensorEntry.SizeOf(stored.Storage.Type);
        var tensor = empty(stored.Shape, SafetensorsReader.DtypeOf(stored.Storage.Type), CPU);
        if (stored.Count == 0) return tensor;
        if (stored.IsContiguous)
        {
            Read(stored.Storage, stored.Offset * size, tensor.bytes);
            return tensor;
        }
        var span = new byte[stored.Span * size];
        Read(stored.Storage, stored.Offset * size, span);
        Gather(span, stored, size, tensor.bytes);
        return tensor;
    }

    public virtual void Dispose() => stream.Dispose();

    // Element by element in C order: an odometer over the sizes.
    static void Gather(ReadOnlySpan<byte> span, TorchTensor stored, int size, Span<byte> into)
    {
        var at = new long[stored.Shape.Length];
        var from = 0L;
        for (var to = 0; to < into.Length; to += size)
        {
            span.Slice((int)(from * size), size).CopyTo(into[to..]);
            for (var i = at.Length - 1; i >= 0; i--)
            {
                from += stored.Strides[i];
                if (++at[i] < stored.Shape[i]) break;
                from -= stored.Strides[i] * stored.Shape[i];
                at[i] = 0;
            }
        }
    }
}
