using System.Text.Json;

namespace KdRobust.Torch.Tests.Fixtures;

/// <summary>One case of make_fixtures.py: inputs, PyTorch's outputs, and gradients for an upstream gradient where there are any.</summary>
sealed record FixtureCase(
    string Name, FixtureTensor[] Inputs, FixtureTensor[] Outputs, FixtureTensor[] Upstream, FixtureTensor?[] Gradients);

/// <summary>A file written by make_fixtures.py.</summary>
sealed class FixtureFile
{
    FixtureFile(IReadOnlyDictionary<string, FixtureCase> cases) => Cases = cases;

    /// <summary>The committed file, made on another machine: values agree within rounding.</summary>
    internal static FixtureFile Committed { get; } = Open(Path.Combine(AppContext.BaseDirectory, "Fixtures", "ops.json"));

    /// <summary>Cases by name, <c>op/variant</c>.</summary>
    internal IReadOnlyDictionary<string, FixtureCase> Cases { get; }

    internal static FixtureFile Open(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return new FixtureFile(document.RootElement.GetProperty("cases").EnumerateObject().ToDictionary(
            entry => entry.Name,
            entry => new FixtureCase(
                entry.Name,
                Tensors(entry.Value, "in"),
                Tensors(entry.Value, "out"),
                Tensors(entry.Value, "upstream"),
                entry.Value.TryGetProperty("gradients", out var gradients)
                    ? [.. gradients.EnumerateArray().Select(gradient => gradient.ValueKind == JsonValueKind.Null ? null : FixtureTensor.Read(gradient))]
                    : [])));
    }

    static FixtureTensor[] Tensors(JsonElement entry, string field) =>
        entry.TryGetProperty(field, out var tensors) ? [.. tensors.EnumerateArray().Select(FixtureTensor.Read)] : [];
}
