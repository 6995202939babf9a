using System.Buffers.Binary;
using System.Text.Json;

namespace KdRobust.Support;

/// <summary>One array of the golden folder: shape and values in C order. Exactly one of the two arrays is filled.</summary>
/// <param name="Name">File name with its ending, or the tensor's name inside a file of many.</param>
/// <param name="Shape">Sizes; their product is the number of values.</param>
/// <param name="Floats">Values of a float32 array, else empty.</param>
/// <param name="Bytes">Values of a uint8 array, else empty.</param>
public sealed record GoldenArray(string Name, long[] Shape, float[] Floats, byte[] Bytes)
{
    /// <summary>Number of values.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);
}

/// <summary>One row of the exact binomial bounds: k successes in n draws at level 1 - alpha.</summary>
public sealed record ClopperPearsonRow(
    long N, long K, double Alpha, double LowerOneSided, double LowerTwoSided, double UpperTwoSided, IReadOnlyDictionary<string, double?> Radius);

/// <summary>
/// Reads a folder of golden vectors: manifest.json (files with shape and dtype, named scalars in full precision) and raw
/// little-endian files. Any folder of the same format will do, so a torn or foreign file is refused by name.
/// </summary>
public sealed class Golden
{
    readonly string folder;
    readonly JsonElement manifest;

    Golden(string folder, JsonElement manifest) => (this.folder, this.manifest) = (folder, manifest);

    /// <summary>Opens the folder that KDR_GOLDEN names.</summary>
    public static Golden Open() =>
        Open(TestEnvironment.Golden ?? throw new InvalidOperationException("KDR_GOLDEN is not set: let it name the folder of the golden vectors"));

    /// <summary>Opens a folder of golden vectors.</summary>
    /// <exception cref="FileNotFoundException">There is no manifest.json in it.</exception>
    public static Golden Open(string folder)
    {
        var path = Path.Combine(folder, "manifest.json");
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path} does not exist: KDR_GOLDEN must name a folder of golden vectors with its manifest.json", path);
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return new Golden(folder, document.RootElement.Clone());
    }

    /// <summary>A whole file as one array, e.g. <c>golden["eval_logits"]</c> or <c>golden["images"]</c>; the ending is optional.</summary>
    public GoldenArray this[string name] => Read(name);

    /// <summary>The named tensors of a file that holds many, e.g. a state dict, in the file's order.</summary>
    public IReadOnlyList<GoldenArray> Tensors(string name)
    {
        var whole = Read(name);
        if (!Entry(name).Value.TryGetProperty("tensors", out var tensors))
            throw new InvalidDataException($"{whole.Name} in {folder} is one array: its manifest entry has no field tensors");
        var parts = new List<GoldenArray>();
        foreach (var tensor in tensors.EnumerateArray())
        {
            var shape = Shape(tensor);
            var count = shape.Aggregate(1L, (product, size) => product * size);
            var offset = tensor.GetProperty("offset").GetInt32();
            if (offset < 0 || offset + count > whole.Floats.Length)
                throw new InvalidDataException($"{whole.Name}: tensor {tensor.GetProperty("name")} ends at value {offset + count}, the file has {whole.Floats.Length}");
            parts.Add(new GoldenArray(tensor.GetProperty("name").GetString()!, shape, whole.Floats.AsSpan(offset, (int)count).ToArray(), []));
        }
        return parts;
    }

    /// <summary>A named number in full precision, e.g. <c>golden.Scalar("eval_ce_mean")</c>.</summary>
    public double Scalar(string name) => Named(name).GetDouble();

    /// <summary>A named list of numbers, e.g. <c>golden.Scalars("adam_loss_before_each_step")</c>.</summary>
    public double[] Scalars(string name) => [.. Named(name).EnumerateArray().Select(value => value.GetDouble())];

    /// <summary>The rows of exact binomial bounds and certified radii (radius null: abstain).</summary>
    public IReadOnlyList<ClopperPearsonRow> ClopperPearson() =>
        [.. manifest.GetProperty("clopper_pearson").EnumerateArray().Select(row => new ClopperPearsonRow(
            row.GetProperty("n").GetInt64(),
            row.GetProperty("k").GetInt64(),
            row.GetProperty("alpha").GetDouble(),
            row.GetProperty("lower_one_sided").GetDouble(),
            row.GetProperty("lower_two_sided").GetDouble(),
            row.GetProperty("upper_two_sided").GetDouble(),
            row.GetProperty("radius").EnumerateObject().ToDictionary(
                radius => radius.Name,
                radius => radius.Value.ValueKind == JsonValueKind.Null ? (double?)null : radius.Value.GetDouble())))];

    GoldenArray Read(string name)
    {
        var entry = Entry(name);
        var shape = Shape(entry.Value);
        var count = shape.Aggregate(1L, (product, size) => product * size);
        var dtype = entry.Value.GetProperty("dtype").GetString();
        var width = dtype switch
        {
            "float32" => sizeof(float),
            "uint8" => sizeof(byte),
            _ => throw new InvalidDataException($"{entry.Name}: dtype {dtype} is not known, expected float32 or uint8"),
        };
        var bytes = File.ReadAllBytes(Path.Combine(folder, entry.Name));
        if (bytes.Length != count * width)
            throw new InvalidDataException($"{entry.Name} has {bytes.Length} bytes, its shape [{string.Join(", ", shape)}] of {dtype} needs {count * width}");
        if (width == sizeof(byte))
            return new GoldenArray(entry.Name, shape, [], bytes);
        var floats = new float[count];
        for (var i = 0; i < floats.Length; i++)
            floats[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * width));
        return new GoldenArray(entry.Name, shape, floats, []);
    }

    JsonProperty Entry(string name) =>
        manifest.GetProperty("files").EnumerateObject().FirstOrDefault(file => file.Name == name || Path.GetFileNameWithoutExtension(file.Name) == name)
            is { Value.ValueKind: JsonValueKind.Object } found
            ? found
            : throw new KeyNotFoundException($"the manifest in {folder} has no file {name}");

    JsonElement Named(string name) =>
        manifest.GetProperty("scalars").TryGetProperty(name, out var value)
            ? value
            : throw new KeyNotFoundException($"the manifest in {folder} has no scalar {name}");

    static long[] Shape(JsonElement entry) => [.. entry.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];
}
