using System.Reflection;
using KdRobust.Support;

namespace KdRobust.Architecture.Tests;

/// <summary>
/// What the engine uses of TorchSharp is promised by src/Torch/surface.txt, so it builds against the real TorchSharp too.
/// (That our binding has exactly those signatures is Torch.Tests' business.)
/// </summary>
public class SurfaceScanTests
{
    private const string Root = "TorchSharp";

    private static IReadOnlyList<MemberInfo> Used { get; } =
        [.. ReadOnlyContext.Load("Learning").GetTypes().SelectMany(MemberUses.Members)
            .Where(member => member is not Type && IsTorchSharp(member.DeclaringType))];

    [Fact]
    public void Learning_uses_only_promised_members_of_TorchSharp()
    {
        var promised = File.ReadLines(Checkout.At("src/Torch/surface.txt")).Where(line => !line.StartsWith('#')).ToHashSet(StringComparer.Ordinal);
        Used.Select(Line).Distinct(StringComparer.Ordinal).Where(line => !promised.Contains(line)).Order(StringComparer.Ordinal).ShouldBeEmpty();
    }

    [Fact]
    public void The_scan_sees_what_everybody_knows_is_used()
    {
        var lines = Used.Select(Line).ToHashSet(StringComparer.Ordinal);
        lines.Count.ShouldBeGreaterThan(50);
        lines.ShouldContain(line => line.StartsWith("torch: static IDisposable no_grad(", StringComparison.Ordinal)
            || line.StartsWith("torch: static DisposeScope NewDisposeScope(", StringComparison.Ordinal));
    }

    private static bool IsTorchSharp(Type? type) =>
        type?.Namespace == Root || type?.Namespace?.StartsWith(Root + ".", StringComparison.Ordinal) == true;

    /// <summary>A call of an override counts as one of the member it overrides: that is what the surface lists.</summary>
    private static string Line(MemberInfo member) =>
        SurfaceListing.Of(member, Root)
        ?? (member is MethodInfo method ? SurfaceListing.Of(method.GetBaseDefinition(), Root) : null)
        ?? $"{member.DeclaringType}: {member} cannot be listed";
}
