using static KdRobust.Domain.Experiments.SpecRules;

namespace KdRobust.Domain.Experiments;

/// <summary>What the rules have found wrong with a spec so far.</summary>
internal sealed class SpecFindings(ExperimentSpec spec)
{
    readonly List<SpecProblem> _problems = [];

    public ExperimentSpec Spec { get; } = spec;

    public IReadOnlyList<SpecProblem> Problems => _problems;

    public void Add(string path, string message, string got, string expected) => _problems.Add(new(path, message, got, expected));

    /// <summary>A name must be one of the known ones.</summary>
    public void Name(string name, IEnumerable<string> known, string what, string path)
    {
        var names = known.ToList();
        if (names.Contains(name)) return;
        Add(path, $"no such {what}" + SpecReader.DidYouMean(name, names), SpecReader.Shorten(name),
            names.Count > 0 ? SpecReader.OneOf(names) : $"a {what} that the spec defines");
    }

    /// <summary>A count of test images must not exceed the section's.</summary>
    public void TestImages(int images, string path)
    {
        if (images > Spec.Dataset.TestImages)
            Add(path, "more images than dataset.testImages", Number(images), $"at most {Number(Spec.Dataset.TestImages)}");
    }

    /// <summary>The path of a named entry.</summary>
    public static string Path(string section, string name) => SpecReader.Join($"$.{section}", name);
}
