using System.Xml.Linq;

namespace KdRobust.Architecture.Tests;

/// <summary>One csproj as written: its references and how it names packages.</summary>
internal sealed record ProjectFile(string Path, IReadOnlyList<string> Projects, IReadOnlyList<XElement> PackageReferences)
{
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public IEnumerable<string> Packages => PackageReferences.Select(reference => (string?)reference.Attribute("Include") ?? "");

    public static ProjectFile Source(string project) => Read($"src/{project}/{project}.csproj");

    public static ProjectFile Read(string path)
    {
        var document = XDocument.Load(Checkout.At(path));
        return new ProjectFile(
            path,
            [.. document.Descendants("ProjectReference")
                .Select(reference => System.IO.Path.GetFileNameWithoutExtension(((string?)reference.Attribute("Include") ?? "").Replace('\\', '/')))],
            [.. document.Descendants("PackageReference")]);
    }
}
