namespace KdRobust.Domain.Experiments;

/// <summary>One thing wrong with a spec.</summary>
/// <param name="Path">JSON path, e.g. <c>$.models.cni.weights.epochs</c>.</param>
/// <param name="Message">What is wrong, in one line.</param>
/// <param name="Got">What stands there, shortened; empty when nothing does.</param>
/// <param name="Expected">What would be right.</param>
public sealed record SpecProblem(string Path, string Message, string Got, string Expected)
{
    /// <summary>One line for a terminal.</summary>
    public override string ToString() =>
        $"{Path}: {Message}" + (Got.Length > 0 ? $"; got {Got}" : "") + (Expected.Length > 0 ? $"; expected {Expected}" : "");
}

/// <summary>A spec that was read, or everything that is wrong with it.</summary>
public sealed record SpecReading(ExperimentSpec? Spec, IReadOnlyList<SpecProblem> Problems)
{
    /// <summary>True when <see cref="Spec"/> may be planned.</summary>
    public bool IsValid => Problems.Count == 0 && Spec is not null;
}
