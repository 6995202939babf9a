using KdRobust.Domain.Runs;

namespace KdRobust.Learning.Weights.Export;

/// <summary>Takes stored weights out of here: to a file that PyTorch reads, or a copy of the safetensors file.</summary>
public static class WeightsExport
{
    /// <summary>Endings of files that can be written.</summary>
    public static readonly IReadOnlyList<string> Endings = [".pt", ".pth", ".safetensors"];

    /// <summary>
    /// Writes <paramref name="to"/> whole or not at all, in the format its name ends with: .pt and .pth are PyTorch's zip
    /// files (torch.load with weights_only=True reads them, from 1.13 on), .safetensors is a checked copy.
    /// </summary>
    /// <param name="from">A safetensors file: an output of a training or an import.</param>
    /// <param name="to">Replaced when it exists.</param>
    /// <returns>Tensors and bytes written.</returns>
    /// <exception cref="RunInputException">The input is malformed, the ending unknown, or the output cannot be written.</exception>
    public static (int Tensors, long Bytes) Write(string from, string to)
    {
        var ending = Path.GetExtension(to).ToLowerInvariant();
        if (!Endings.Contains(ending)) throw new RunInputException($"{to}: what format is it to have? Expected a name that ends with {string.Join(", ", Endings)}");
        using var file = SafetensorsReader.Open(from);
        var draft = $"{to}.new";
        try
        {
            using (var stream = File.Create(draft))
            {
                if (ending == ".safetensors") Copy(from, stream);
                else TorchZipWriter.Write(file, stream);
            }
            File.Move(draft, to, overwrite: true);
            return (file.Header.Entries.Count, new FileInfo(to).Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            if (File.Exists(draft)) File.Delete(draft);
            throw new RunInputException($"{to}: cannot be written: {e.Message}", e);
        }
    }

    static void Copy(string from, FileStream to)
    {
        using var stream = File.OpenRead(from);
        stream.CopyTo(to);
    }
}
