namespace KdRobust.Domain.Experiments;

/// <summary>The files of weights that a spec imports and that must be at hand before its jobs are made.</summary>
public static class ImportedFiles
{
    /// <summary>One problem for each model whose file is missing, in the order of the spec.</summary>
    /// <param name="spec">A spec without other problems.</param>
    /// <param name="missing">SHA-256 of each file that is not at hand, lower-case hex.</param>
    public static IReadOnlyList<SpecProblem> Missing(ExperimentSpec spec, IReadOnlySet<string> missing)
    {
        var found = new SpecFindings(spec);
        foreach (var (name, model) in spec.Models)
            if (model.Weights is ImportSpec import && missing.Contains(import.Sha256))
                found.Add($"{SpecFindings.Path("models", name)}.weights.sha256", "no such file was uploaded by this owner", import.Sha256, "a file of yours that kdr models lists: upload it with kdr import FILE");
        return found.Problems;
    }
}
