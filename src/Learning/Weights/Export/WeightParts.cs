using KdRobust.Domain.Runs;
using static TorchSharp.torch;

namespace KdRobust.Learning.Weights.Export;

/// <summary>
/// A safetensors file of a training cut into parts that pass a narrow door one by one: mean weights and running statistics as
/// they are; V and d (and alpha) of the noise in float16; moments of an optimizer in bfloat16. Joined again the file has all
/// names and float32 everywhere, but the digits of noise and moments are those of the narrower types: a training that goes
/// on from it is not equal to the bit to one that was never cut.
/// </summary>
public static class WeightParts
{
    const string Key = "parts";
    const string Ending = ".safetensors";

    /// <summary>Parts that keep every digit.</summary>
    public static readonly IReadOnlyList<string> Exact = ["mean", "model", "best", "average"];

    /// <summary>Writes the parts of a file as <c>STEM.PART.safetensors</c>; each appears whole, by renaming.</summary>
    /// <param name="file">An output or a resume point of a training.</param>
    /// <param name="stem">Folder and beginning of the parts' names.</param>
    /// <returns>The parts' names, e.g. mean, diagonal, factor.</returns>
    /// <exception cref="RunInputException">The file cannot be read.</exception>
    public static IReadOnlyList<string> Split(string file, string stem)
    {
        using var source = SafetensorsReader.Open(file);
        var parts = source.Header.Entries.ToLookup(entry => PartOf(entry.Name), StringComparer.Ordinal);
        var names = parts.Select(part => part.Key).Order(StringComparer.Ordinal).ToList();
        var metadata = new Dictionary<string, string>(source.Header.Metadata, StringComparer.Ordinal) { [Key] = string.Join(',', names) };
        foreach (var part in parts)
        {
            using var scope = NewDisposeScope();
            var tensors = part.ToDictionary(entry => entry.Name, entry => Narrowed(source.Load(entry.Name), part.Key), StringComparer.Ordinal);
            Write($"{stem}.{part.Key}{Ending}", tensors, metadata);
        }
        return names;
    }

    /// <summary>Puts the parts together again.</summary>
    /// <param name="stem">Folder and beginning of the parts' names.</param>
    /// <param name="file">What is written, whole or not at all.</param>
    /// <returns>The parts that are missing; the file was written when there are none. Null when there is no part at all.</returns>
    /// <exception cref="RunInputException">A part is malformed, or of another file.</exception>
    public static IReadOnlyList<string>? Join(string stem, string file)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(stem))!;
        var found = Directory.Exists(folder) ? Directory.GetFiles(folder, $"{Path.GetFileName(stem)}.*{Ending}") : [];
        if (found.Length == 0) return null;
        using var scope = NewDisposeScope();
        Dictionary<string, string>? metadata = null;
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var path in found.Order(StringComparer.Ordinal))
        {
            using var part = SafetensorsReader.Open(path);
            metadata ??= new(part.Header.Metadata, StringComparer.Ordinal);
            if (metadata.Count != part.Header.Metadata.Count || metadata.Any(entry => part.Header.Metadata.GetValueOrDefault(entry.Key) != entry.Value))
                throw new RunInputException($"{path}: a part of another file than {found[0]}: bring the parts of one visit");
            foreach (var entry in part.Header.Entries) tensors.Add(entry.Name, Widened(part.Load(entry.Name)));
        }
        if (!metadata!.Remove(Key, out var names)) throw new RunInputException($"{found[0]}: does not say which parts belong together: it was not written by a visit");
        var missing = names.Split(',').Where(name => !found.Contains($"{Path.GetFullPath(stem)}.{name}{Ending}")).ToList();
        if (missing.Count == 0) Write(file, tensors, metadata);
        return missing;
    }

    static string PartOf(string name)
    {
        var prefix = name.IndexOf('/') is > 0 and var slash ? name[..slash] : "mean";
        if (prefix == "optimizer") return prefix;
        if (name.EndsWith("_noise_f", StringComparison.Ordinal)) return "factor";
        return name.Contains("_noise_", StringComparison.Ordinal) ? "diagonal" : prefix;
    }

    static Tensor Narrowed(Tensor tensor, string part) => part switch
    {
        _ when tensor.dtype != ScalarType.Float32 || Exact.Contains(part) => tensor,
        "optimizer" => tensor.to(ScalarType.BFloat16),
        _ => tensor.to(ScalarType.Float16),
    };

    static Tensor Widened(Tensor tensor) => tensor.dtype is ScalarType.BFloat16 or ScalarType.Float16 ? tensor.to(ScalarType.Float32) : tensor;

    static void Write(string path, Dictionary<string, Tensor> tensors, Dictionary<string, string> metadata)
    {
        var draft = path + ".new";
        using (var stream = File.Create(draft)) new SafetensorsWriter(tensors, metadata).WriteTo(stream);
        File.Move(draft, path, overwrite: true);
    }
}
