using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using KdRobust.Support;

namespace KdRobust.Learning.Tests;

/// <summary>
/// Every TorchSharp member the compiled Learning assembly names is in the contract (src/Torch/surface.txt), so that it
/// builds against TorchSharp itself too.
/// </summary>
public sealed class TorchSurfaceTests
{
    const string Root = "TorchSharp";

    static readonly Assembly Learning = Assembly.Load("KdRobust.Learning");

    static readonly HashSet<string> Promised =
        [.. File.ReadAllLines(Repository.At("src", "Torch", "surface.txt")).Where(line => line.Length > 0 && line[0] != '#')];

    // Stand in where a generic type or method of Learning's own names a member with its type parameters.
    static readonly Type[] AnyArguments = [.. Enumerable.Repeat(typeof(object), 8)];

    [Fact]
    public void Every_TorchSharp_type_in_use_is_promised()
    {
        var types = Promised.Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)]).ToHashSet(StringComparer.Ordinal);
        using var file = File.OpenRead(Learning.Location);
        using var image = new PEReader(file);
        image.GetMetadataReader().TypeReferences
            .Select(handle => Learning.ManifestModule.ResolveType(MetadataTokens.GetToken(handle)))
            .Where(type => IsOfTorchSharp(type))
            .Select(type => SurfaceListing.TypeName(type, Root))
            .Except(types)
            .ShouldBeEmpty();
    }

    [Fact]
    public void Every_TorchSharp_member_in_use_is_promised()
    {
        var used = Referenced().ToArray();
        used.Length.ShouldBeGreaterThan(50, "the scan found next to nothing: it does not see the references");
        used.Where(member => !IsPromised(member)).Select(member => SurfaceListing.Of(member, Root) ?? $"{member.DeclaringType}.{member.Name}").Distinct(StringComparer.Ordinal).ShouldBeEmpty();
    }

    /// <summary>An override is reached through its own type but promised by the type that declared it first.</summary>
    static bool IsPromised(MemberInfo member)
    {
        for (MemberInfo? declared = member; declared is not null; declared = Overridden(declared))
            if (SurfaceListing.Of(declared, Root) is { } line && Promised.Contains(line))
                return true;
        return false;
    }

    static MethodInfo? Overridden(MemberInfo member) =>
        member is MethodInfo method && method.GetBaseDefinition() is var first && first != method ? first : null;

    /// <summary>The members of TorchSharp's types in the table of references; those of System.Object are left out.</summary>
    static IEnumerable<MemberInfo> Referenced()
    {
        using var file = File.OpenRead(Learning.Location);
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        foreach (var handle in metadata.MemberReferences)
        {
            if (metadata.GetMemberReference(handle).Parent.Kind is not (HandleKind.TypeReference or HandleKind.TypeSpecification))
                continue;
            var member = Learning.ManifestModule.ResolveMember(MetadataTokens.GetToken(handle), AnyArguments, AnyArguments);
            if (member?.DeclaringType is { } type && IsOfTorchSharp(type))
                yield return member;
        }
    }

    static bool IsOfTorchSharp(Type type) =>
        type.Namespace is { } space && (space == Root || space.StartsWith(Root + ".", StringComparison.Ordinal));
}
