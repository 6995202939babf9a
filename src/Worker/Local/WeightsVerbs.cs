using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Weights.Export;
using KdRobust.Learning.Weights.Import;

namespace KdRobust.Worker.Local;

/// <summary>The verbs <c>inspect</c> and <c>export</c>: one file of weights, without service or database.</summary>
static class WeightsVerbs
{
    /// <summary>Prints what a file holds as JSON (<see cref="WeightsDescription"/>).</summary>
    /// <returns>0, or 1 when the file cannot be read.</returns>
    /// <exception cref="UsageException">The words are wrong.</exception>
    internal static int Inspect(ReadOnlySpan<string> line, TextWriter output, TextWriter errors)
    {
        if (line.IsEmpty || line[0].StartsWith('-'))
            throw new UsageException("inspect needs a file of weights, e.g. inspect resnet20.th");
        var options = CommandLine.Options(line[1..], "--network");
        var (file, network) = (line[0], options.TryGetValue("--network", out var json) ? Network(json) : null);
        return Told(errors, () => output.WriteLine(JsonSerializer.Serialize(WeightsDescription.Of(file, network), SpecJson.Options)));
    }

    /// <summary>Writes stored weights in another format.</summary>
    /// <returns>0, or 1 when the file cannot be read or the other not be written.</returns>
    /// <exception cref="UsageException">The words are wrong.</exception>
    internal static int Export(ReadOnlySpan<string> line, TextWriter output, TextWriter errors)
    {
        if (line is not [var from, var to] || from.StartsWith('-') || to.StartsWith('-'))
            throw new UsageException($"export needs a safetensors file and the file to write, whose name ends with {string.Join(", ", WeightsExport.Endings)}");
        return Told(errors, () =>
        {
            var (tensors, bytes) = WeightsExport.Write(from, to);
            errors.WriteLine(FormattableString.Invariant($"{tensors} tensors, {bytes} bytes"));
            output.WriteLine(Path.GetFullPath(to));
        });
    }

    static NetworkShape Network(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<NetworkShape>(json, SpecJson.Options) ?? throw new JsonException("it is null");
        }
        catch (JsonException error)
        {
            throw new UsageException($"--network: expected the JSON of architecture and noise: {error.Message}");
        }
    }

    static int Told(TextWriter errors, Action action)
    {
        try
        {
            action();
            return 0;
        }
        catch (Exception error) when (error is RunInputException or DllNotFoundException)
        {
            errors.WriteLine(error.Message);
            return 1;
        }
    }
}
