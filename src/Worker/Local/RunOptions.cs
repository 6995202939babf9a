using KdRobust.Domain.Experiments;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Weights.Import;

namespace KdRobust.Worker.Local;

/// <summary>What <c>run</c> is started with.</summary>
/// <param name="Spec">The spec, without problems.</param>
/// <param name="DataFolder">Folder of the data sets, or null.</param>
/// <param name="OutputFolder">Where outputs, resume points and results are kept by fingerprint.</param>
/// <param name="Json">Print the whole report as JSON instead of its tables.</param>
/// <param name="RunNumber">0, or another number to compute everything anew beside what is kept.</param>
/// <param name="Models">Files of weights that the spec imports, by their SHA-256.</param>
sealed record RunOptions(ExperimentSpec Spec, string? DataFolder, string OutputFolder, bool Json, int RunNumber, IReadOnlyDictionary<string, string> Models)
{
    /// <summary>Reads the words after <c>run</c>.</summary>
    /// <exception cref="UsageException">One of them is wrong, or the spec has problems: all are in the message.</exception>
    internal static RunOptions Parse(ReadOnlySpan<string> line)
    {
        if (line.IsEmpty || line[0].StartsWith('-'))
            throw new UsageException("run needs the file of a spec, e.g. run experiments/demo.json");
        var words = line[1..].ToArray().ToList();
        var models = FilesOf(words);
        var options = CommandLine.Options([.. words.Where(word => word != "--json")], "--data", "--out", "--run");
        return new RunOptions(
            Read(line[0]),
            CommandLine.DataFolder(options),
            Path.GetFullPath(options.GetValueOrDefault("--out") ?? Path.Combine(".kdr", "run")),
            words.Contains("--json"),
            CommandLine.Integer(options, "--run", 0, 0, int.MaxValue),
            models);
    }

    // --model may be repeated; the words it takes are removed.
    static Dictionary<string, string> FilesOf(List<string> words)
    {
        var models = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var at = words.IndexOf("--model"); at >= 0; at = words.IndexOf("--model"))
        {
            if (at + 1 == words.Count) throw new UsageException("--model needs a value: a file of weights that the spec imports");
            var file = Path.GetFullPath(words[at + 1]);
            if (!File.Exists(file)) throw new UsageException($"--model {words[at + 1]}: there is no such file", optionsHelp: false);
            try
            {
                models[WeightsDescription.Sha256Of(file)] = file;
            }
            catch (RunInputException error)
            {
                throw new UsageException($"--model {error.Message}", optionsHelp: false);
            }
            words.RemoveRange(at, 2);
        }
        return models;
    }

    static ExperimentSpec Read(string file)
    {
        string text;
        try
        {
            text = File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file} cannot be read: {error.Message}", optionsHelp: false);
        }
        var reading = SpecReader.Read(text);
        return reading.IsValid
            ? reading.Spec!
            : throw new UsageException($"{file} has {reading.Problems.Count} problem(s):\n  {string.Join("\n  ", reading.Problems)}", optionsHelp: false);
    }
}
