using System.Buffers.Binary;
using KdRobust.Domain.Runs;
using static TorchSharp.torch;

namespace KdRobust.Learning.Weights.Import;

/// <summary>Opens a file of weights. Which format it has is told by its content, whatever its name ends with.</summary>
internal static class WeightsFile
{
    /// <exception cref="RunInputException">It cannot be opened, is of no format we read, or is malformed.</exception>
    public static IWeightsFile Open(string path)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunInputException($"{path}: cannot be opened: {e.Message}", e);
        }
        try
        {
            return Open(stream, path);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    static IWeightsFile Open(FileStream stream, string path)
    {
        Span<byte> head = stackalloc byte[9];
        head = head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        stream.Position = 0;
        if (head is [(byte)'P', (byte)'K', 3, 4, ..]) return TorchZipFile.Open(stream, path);
        // Protocol 1 has no mark of its own; it begins with the magic number as a line of digits.
        if (head is [0x80, ..] or [(byte)'L', (byte)'1', (byte)'1', (byte)'9', ..]) return TorchLegacyFile.Open(stream, path);
        if (head.Length == 9 && head[8] == '{' && BinaryPrimitives.ReadUInt64LittleEndian(head) <= (ulong)stream.Length)
        {
            stream.Dispose();
            return new SafetensorsWeights(SafetensorsReader.Open(path));
        }
        throw new RunInputException($"{path}: not a file of weights that can be read: it begins like neither a PyTorch file (.pt, .pth, .th, .pth.tar) nor a safetensors file, or is cut short");
    }

    /// <summary>A safetensors file: its tensors lie at the top.</summary>
    sealed class SafetensorsWeights(SafetensorsReader reader) : IWeightsFile
    {
        public string Path => reader.Path;

        public string Source => "safetensors file, top level";

        public IReadOnlyList<FileTensor> Tensors { get; } = [.. reader.Header.Entries.Select(entry => new FileTensor(entry.Name, entry.Type, entry.Shape))];

        public IReadOnlyList<(string Name, string What)> Others => [];

        public Tensor Load(string name) => reader.Load(name);

        public void Dispose() => reader.Dispose();
    }
}
