using KdRobust.Domain.Runs;
using KdRobust.Learning.Weights.Pickles;

namespace KdRobust.Learning.Weights.Import;

/// <summary>
/// The state dict inside the object of a PyTorch file: the object itself, or what lies under one of <see cref="Places"/>. It
/// must be one dict only; which, is said in the result.
/// </summary>
/// <param name="Place">Where it was found: a key, or "top level".</param>
/// <param name="Tensors">Name to tensor, in the file's order.</param>
/// <param name="Others">What lies among them and is no tensor, name and description.</param>
internal sealed record TorchStateDict(string Place, IReadOnlyDictionary<string, TorchTensor> Tensors, IReadOnlyList<(string Name, string What)> Others)
{
    /// <summary>Keys under which a state dict is looked for, beside the top level.</summary>
    public static readonly IReadOnlyList<string> Places = ["state_dict", "model", "net", "model_state_dict"];

    const string Top = "top level";
    // A transposed or sliced tensor touches more than it holds; read is at most this multiple.
    const int LargestGap = 4;

    /// <summary>Finds it.</summary>
    /// <param name="root">The object of the file.</param>
    /// <param name="path">Named in errors.</param>
    /// <param name="fileBytes">Length of the file: its tensors together can hardly be larger.</param>
    /// <exception cref="RunInputException">There is none, or more than one.</exception>
    public static TorchStateDict Find(object? root, string path, long fileBytes)
    {
        if (root is not PickleDict top)
            throw new RunInputException($"{path}: holds {PickleDescription.Of(root)}, expected a dict of tensors: save model.state_dict(), not the model");
        var candidates = new List<(string Place, PickleDict Dict)>();
        if (HasTensors(top)) candidates.Add((Top, top));
        foreach (var key in Places)
            if (top.TryGet(key, out var value) && value is PickleDict dict && HasTensors(dict)) candidates.Add((key, dict));
        return candidates switch
        {
            [var (place, dict)] => Read(place, dict, path, fileBytes),
            [] => throw new RunInputException($"{path}: no state dict: expected tensors at the top level or under {string.Join(", ", Places)}; it holds {Contents(top)}"),
            _ => throw new RunInputException($"{path}: more than one state dict: {string.Join(", ", candidates.Select(c => c.Place))}; save the one that is meant on its own"),
        };
    }

    static TorchStateDict Read(string place, PickleDict dict, string path, long fileBytes)
    {
        var tensors = new Dictionary<string, TorchTensor>(StringComparer.Ordinal);
        var others = new List<(string, string)>();
        Int128 bytes = 0;
        foreach (var (key, value) in dict.Entries)
        {
            var name = key as string ?? PickleDescription.Of(key);
            if (key is not string || value is not TorchTensor tensor)
            {
                others.Add((name, PickleDescription.Of(value)));
                continue;
            }
            if (tensor.Span > LargestGap * Math.Max(1, tensor.Count))
                throw new RunInputException($"{path}: '{name}' touches {tensor.Span} elements of its storage and holds {tensor.Count}: save it again as a contiguous tensor");
            bytes += (Int128)tensor.Count * TensorEntry.SizeOf(tensor.Storage.Type);
            // Tied weights share a storage, so the sum may pass the file's length, but not by much.
            if (bytes > 2 * (Int128)fileBytes)
                throw new RunInputException($"{path}: its tensors share storages so often that together they would take more than twice the file's {fileBytes} bytes");
            tensors.Add(name, tensor);
        }
        return new(place, tensors, others);
    }

    static bool HasTensors(PickleDict dict) => dict.Entries.Any(entry => entry is { Key: string, Value: TorchTensor });

    static string Contents(PickleDict dict) => dict.Entries.Count == 0
        ? "nothing"
        : string.Join(", ", dict.Entries.Take(12).Select(entry => $"'{entry.Key as string ?? PickleDescription.Of(entry.Key)}': {PickleDescription.Of(entry.Value)}")) + (dict.Entries.Count > 12 ? ", ..." : "");
}
