using System.Text.RegularExpressions;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Weights.Export;

namespace KdRobust.Worker.Rows;

/// <summary>
/// What passes between visits to a machine that forgets: small files and the parts of weights, each named
/// <c>PRIORITY-FINGERPRINT-NAME</c>, of what a folder of local results keeps. Lower priorities leave first.
/// </summary>
/// <param name="runs">The folder of local results, by fingerprint.</param>
sealed partial class CarriedFiles(string runs)
{
    const string Ending = ".safetensors";
    static readonly string[] Weights = ["best", "weights", "average"];

    /// <summary>Writes what is kept of these jobs. A file that says the same already is left alone.</summary>
    /// <param name="jobs">Jobs of one row.</param>
    /// <param name="folder">Where to.</param>
    internal void Put(IEnumerable<PlannedJob> jobs, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var job in jobs)
        {
            var kept = Path.Combine(runs, job.Fingerprint);
            if (!Directory.Exists(kept)) continue;
            var done = File.Exists(Path.Combine(kept, "result.json"));
            foreach (var name in new[] { "result.json", "metrics.json" })
                Copy(Path.Combine(kept, name), Path.Combine(folder, $"1-{job.Fingerprint}-{name}"));
            if (done) Copy(Path.Combine(kept, $"labels{Ending}"), Path.Combine(folder, $"2-{job.Fingerprint}-labels{Ending}"));
            // The noise of the weights that are asked: the best where there are any.
            var asked = Weights.FirstOrDefault(name => File.Exists(Path.Combine(kept, name + Ending)));
            if (done)
                foreach (var name in Weights)
                    Parts(Path.Combine(kept, name + Ending), folder, job.Fingerprint, name, part => part == "mean" ? 3 : name == asked ? (part == "diagonal" ? 5 : 6) : null);
            foreach (var stale in Directory.GetFiles(folder, $"4-{job.Fingerprint}-resume.*")) File.Delete(stale);
            if (!done) Parts(Path.Combine(kept, $"resume{Ending}"), folder, job.Fingerprint, "resume", _ => 4);
        }
    }

    /// <summary>Takes in what an earlier visit put out; what is kept already stays.</summary>
    /// <param name="folder">Where it lies.</param>
    /// <param name="tell">Told of every file made, and of parts that are missing.</param>
    /// <returns>Fingerprints of trainings that go on from rounded moments.</returns>
    /// <exception cref="RunInputException">A part is malformed.</exception>
    internal IReadOnlySet<string> Take(string folder, Action<string> tell)
    {
        var rounded = new HashSet<string>(StringComparer.Ordinal);
        if (!Directory.Exists(folder)) return rounded;
        var stems = new HashSet<(string Stem, string Fingerprint, string Name)>();
        foreach (var path in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
        {
            if (Carried().Match(Path.GetFileName(path)) is not { Success: true } match) continue;
            var (fingerprint, name) = (match.Groups["fingerprint"].Value, match.Groups["name"].Value);
            var kept = Path.Combine(runs, fingerprint);
            Directory.CreateDirectory(kept);
            if (match.Groups["priority"].Value is "1" or "2")
            {
                if (!File.Exists(Path.Combine(kept, name))) File.Copy(path, Path.Combine(kept, name));
            }
            else
            {
                // The parts of one file have different priorities: they meet under one name.
                var meeting = Path.Combine(kept, $"carried-{name}");
                if (!File.Exists(meeting)) File.Copy(path, meeting);
                var output = name[..name.IndexOf('.', StringComparison.Ordinal)];
                stems.Add((Path.Combine(kept, $"carried-{output}"), fingerprint, output));
            }
        }
        foreach (var (stem, fingerprint, name) in stems)
        {
            var file = Path.Combine(runs, fingerprint, name + Ending);
            var superseded = File.Exists(file) || (name == "resume" && File.Exists(Path.Combine(runs, fingerprint, "result.json")));
            if (!superseded && WeightParts.Join(stem, file) is { } missing)
            {
                if (missing.Count > 0) tell($"{name} of {fingerprint[..12]}: {string.Join(", ", missing)} did not come along, so it cannot be used");
                else tell($"{name} of {fingerprint[..12]}: put together again");
                if (missing.Count == 0 && name == "resume") rounded.Add(fingerprint);
            }
            foreach (var part in Directory.GetFiles(Path.GetDirectoryName(stem)!, $"{Path.GetFileName(stem)}.*")) File.Delete(part);
        }
        return rounded;
    }

    static void Parts(string file, string folder, string fingerprint, string name, Func<string, int?> priorityOf)
    {
        if (!File.Exists(file)) return;
        var stem = Path.Combine(folder, $"new-{fingerprint}-{name}");
        foreach (var part in WeightParts.Split(file, stem))
        {
            var made = $"{stem}.{part}{Ending}";
            if (priorityOf(part) is { } priority) File.Move(made, Path.Combine(folder, $"{priority}-{fingerprint}-{name}.{part}{Ending}"), overwrite: true);
            else File.Delete(made);
        }
    }

    static void Copy(string from, string to)
    {
        if (File.Exists(from)) File.Copy(from, to, overwrite: true);
    }

    [GeneratedRegex("^(?<priority>[1-9])-(?<fingerprint>[0-9a-f]{64})-(?<name>[a-z]+\\.[a-z.]+)$")]
    private static partial Regex Carried();
}
