using System.Text.Json;
using System.Text.Json.Nodes;
using KdRobust.Domain.Experiments;

namespace KdRobust.Cli.Specs;

/// <summary>A spec from a file, with what the command line changes in it.</summary>
/// <param name="Text">The JSON to send.</param>
/// <param name="Spec">The same, read and without problems.</param>
sealed record SpecFile(string Text, ExperimentSpec Spec)
{
    /// <summary>Reads, changes and checks a spec.</summary>
    /// <param name="path">The file; <c>-</c> is standard input.</param>
    /// <param name="changes">Each <c>path=value</c>; see <see cref="Change"/>.</param>
    /// <exception cref="CommandFailedException">Exit code 2: the file is not there, a change does not fit, or the spec has problems: all of them.</exception>
    public static SpecFile Read(string path, IEnumerable<string> changes)
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
        return Of(text, path, changes);
    }

    /// <summary>Changes and checks a spec's text.</summary>
    /// <param name="text">The JSON.</param>
    /// <param name="path">What to call it in messages.</param>
    /// <param name="changes">Each <c>path=value</c>.</param>
    /// <exception cref="CommandFailedException">Exit code 2: a change does not fit, or the spec has problems: all of them.</exception>
    public static SpecFile Of(string text, string path, IEnumerable<string> changes)
    {
        var list = changes.ToList();
        if (list.Count > 0) text = Change(text, path, list);
        var reading = SpecReader.Read(text);
        if (!reading.IsValid)
            throw new CommandFailedException(ExitCode.Usage, string.Join('\n', reading.Problems.Select(problem => $"{path}: {problem}")));
        return new(text, reading.Spec!);
    }

    /// <summary>
    /// Sets fields: <c>dataset.name=synthetic</c>, <c>models.cni.weights.epochs=3</c>, <c>tables[0].title="A title"</c>. A value
    /// that is JSON (a number, true, null, a list, ...) is taken as such, anything else as text. The field must be there: a new
    /// one is more often a slip than a wish.
    /// </summary>
    static string Change(string text, string path, List<string> changes)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text; // The reader says what is wrong, and where.
        }
        foreach (var change in changes)
        {
            var equals = change.IndexOf('=');
            if (equals <= 0) throw new CommandFailedException(ExitCode.Usage, $"--set {change}: expected path=value, e.g. --set dataset.name=synthetic");
            Set(root, change[..equals], change[(equals + 1)..], path);
        }
        return root!.ToJsonString(SpecJson.Indented);
    }

    static void Set(JsonNode? root, string field, string value, string path)
    {
        var steps = field.Replace("[", ".[", StringComparison.Ordinal).Split('.', StringSplitOptions.RemoveEmptyEntries);
        var at = root;
        for (var i = 0; i < steps.Length; i++)
        {
            var last = i == steps.Length - 1;
            var known = string.Join('.', steps[..i]).Replace(".[", "[", StringComparison.Ordinal);
            if (steps[i] is ['[', .. var index, ']'] && int.TryParse(index, out var n))
            {
                if (at is not JsonArray array || n < 0 || n >= array.Count)
                    throw new CommandFailedException(ExitCode.Usage, $"--set {field}: {path} has no entry {n} in '{known}'{(at is JsonArray { Count: var count } ? $", which has {count}" : "")}");
                if (last) array[n] = Value(value);
                at = array[n];
            }
            else
            {
                if (at is not JsonObject entries || !entries.ContainsKey(steps[i]))
                    throw new CommandFailedException(ExitCode.Usage, $"--set {field}: {path} has no '{steps[i]}'{(known.Length > 0 ? $" in '{known}'" : "")}{(at is JsonObject there ? $"; there are {string.Join(", ", there.Select(e => e.Key).Take(12))}" : "")}");
                if (last) entries[steps[i]] = Value(value);
                at = entries[steps[i]];
            }
        }
    }

    static JsonNode? Value(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
