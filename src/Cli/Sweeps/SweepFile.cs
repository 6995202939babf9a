using System.Text.Json;
using KdRobust.Domain.Sweeps;

namespace KdRobust.Cli.Sweeps;

/// <summary>A sweep from a file.</summary>
/// <param name="Text">The JSON to send.</param>
/// <param name="Spec">The same, read and without problems.</param>
/// <param name="Plan">Its points as experiments.</param>
sealed record SweepFile(string Text, SweepSpec Spec, SweepPlan Plan)
{
    /// <summary>Reads and checks a sweep, all of its points too.</summary>
    /// <param name="path">The file; <c>-</c> is standard input.</param>
    /// <exception cref="CommandFailedException">Exit code 2: the file is not there, or the sweep has problems: all of them.</exception>
    public static SweepFile Read(string path)
    {
        string text;
        try
        {
            text = path == "-" ? Console.In.ReadToEnd() : File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException(ExitCode.Usage, $"{path} cannot be read: {error.Message}", error);
        }
        var reading = SweepReader.Read(text);
        var (plan, problems) = reading.IsValid ? SweepPlan.Of(reading.Spec!) : (null, reading.Problems);
        return plan is not null
            ? new(text, reading.Spec!, plan)
            : throw new CommandFailedException(ExitCode.Usage, string.Join('\n', problems.Select(problem => $"{path}: {problem}")));
    }

    /// <summary>True when a file of JSON is a sweep rather than a spec: it has a base and a space.</summary>
    public static bool IsOne(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("base", out _) && document.RootElement.TryGetProperty("space", out _);
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            return false; // Whoever reads it as a spec says what is wrong with it.
        }
    }
}
