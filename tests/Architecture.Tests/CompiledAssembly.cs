using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace KdRobust.Architecture.Tests;

/// <summary>What a built assembly of ours names, read from its metadata without loading it.</summary>
internal sealed record CompiledAssembly(string Project, IReadOnlyList<string> References, IReadOnlyList<string> Types)
{
    private const string Prefix = "KdRobust.";

    /// <summary>Names of our projects among the references.</summary>
    public IEnumerable<string> OwnReferences =>
        References.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..]);

    /// <exception cref="FileNotFoundException">The project was not built in this configuration.</exception>
    public static CompiledAssembly Read(string project)
    {
        using var file = File.OpenRead(Checkout.Assembly(project));
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        return new CompiledAssembly(
            project,
            [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))],
            [.. metadata.TypeDefinitions.Select(metadata.GetTypeDefinition)
                .Select(type => metadata.GetString(type.Name))
                .Where(name => !name.Contains('<', StringComparison.Ordinal))]);
    }

    /// <summary>Every project reached from one through compiled references, itself excluded.</summary>
    public static IReadOnlySet<string> Reached(string project)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>([project]);
        while (open.TryDequeue(out var next))
        {
            foreach (var reference in Read(next).OwnReferences.Where(reached.Add))
                open.Enqueue(reference);
        }
        return reached;
    }
}
