using System.Reflection;
using SkiaSharp;

namespace KdRobust.Api.Reports.Charts;

/// <summary>
/// Inter (SIL Open Font License 1.1), so that figures have text on a machine without fonts, and the same on every machine.
/// The package that carries it keeps its files in one resource: a length, an index of (path, offset, size), then the files.
/// </summary>
static class PackagedTypeface
{
    const string Package = "KdRobust.Api.Reports.Charts.Inter.dll", Container = "!AvaloniaResources";
    const int IndexVersion = 2;

    static readonly Lazy<IReadOnlyDictionary<string, byte[]>> Files = new(ReadFiles);
    static readonly Lazy<SKTypeface> RegularFace = new(() => Load("Regular")), SemiBoldFace = new(() => Load("SemiBold"));

    /// <summary>The face for a weight.</summary>
    public static SKTypeface Of(bool bold) => bold ? SemiBoldFace.Value : RegularFace.Value;

    static SKTypeface Load(string weight)
    {
        if (!Files.Value.TryGetValue($"/Assets/Inter-{weight}.ttf", out var file))
            throw new InvalidOperationException($"the typeface's package has no Inter-{weight}; it has {string.Join(", ", Files.Value.Keys)}");
        return SKTypeface.FromData(SKData.CreateCopy(file)) ?? throw new InvalidOperationException($"Inter-{weight} is no typeface");
    }

    static Dictionary<string, byte[]> ReadFiles()
    {
        using var package = typeof(PackagedTypeface).Assembly.GetManifestResourceStream(Package) ?? throw new InvalidOperationException($"this build lacks {Package}");
        using var copy = new MemoryStream();
        package.CopyTo(copy);
        // Loaded for its resource alone: what it refers to is not there and never asked for.
        using var stream = Assembly.Load(copy.ToArray()).GetManifestResourceStream(Container) ?? throw new InvalidOperationException($"{Package} lacks {Container}");
        using var reader = new BinaryReader(stream);
        var start = sizeof(int) + reader.ReadInt32();
        var version = reader.ReadInt32();
        if (version != IndexVersion) throw new InvalidOperationException($"{Package} has an index of version {version}; {IndexVersion} is known");
        var index = Enumerable.Range(0, reader.ReadInt32()).Select(_ => (Path: reader.ReadString(), Offset: reader.ReadInt32(), Size: reader.ReadInt32())).ToList();
        return index.ToDictionary(file => file.Path, file =>
        {
            stream.Position = start + file.Offset;
            return reader.ReadBytes(file.Size);
        }, StringComparer.Ordinal);
    }
}
