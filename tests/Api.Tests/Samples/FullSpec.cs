using KdRobust.Domain.Experiments;

namespace KdRobust.Api.Tests.Samples;

/// <summary>A spec that uses every part a report can show: all kinds of networks, noises, attacks, trainings, figures and comparisons.</summary>
static class FullSpec
{
    /// <summary>As a person would send it.</summary>
    public static string Text { get; } = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Samples", "full.json"));

    /// <summary>The same, read.</summary>
    public static ExperimentSpec Spec { get; } = SpecReader.Read(Text) is { IsValid: true, Spec: { } spec }
        ? spec
        : throw new InvalidOperationException($"the sample is wrong: {string.Join('\n', SpecReader.Read(Text).Problems)}");
}
