using KdRobust.Domain.Experiments;

namespace KdRobust.Api.Tests.Samples;

/// <summary>A whole chain of the smallest size: one teacher, one student, two attacks, two tables, two figures.</summary>
static class SmallSpec
{
    /// <summary>As a person would send it.</summary>
    public static string Text { get; } = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Samples", "small.json"));

    /// <summary>The same under a seed no other test uses, so that no job is shared.</summary>
    public static string Unique() => Text.Replace("\"seed\": 7", $"\"seed\": {Interlocked.Increment(ref seeds)}", StringComparison.Ordinal);

    static long seeds = 1000;

    /// <summary>The same, read.</summary>
    public static ExperimentSpec Spec { get; } = SpecReader.Read(Text) is { IsValid: true, Spec: { } spec }
        ? spec
        : throw new InvalidOperationException($"the sample is wrong: {string.Join('\n', SpecReader.Read(Text).Problems)}");
}
