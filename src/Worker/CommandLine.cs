using System.Globalization;

namespace KdRobust.Worker;

/// <summary>The command line, or a file it names, is wrong; the message says how.</summary>
sealed class UsageException(string message, bool optionsHelp = true) : Exception(message)
{
    /// <summary>False when the list of options would not help: they are right, a file is not.</summary>
    internal bool OptionsHelp { get; } = optionsHelp;
}

/// <summary>Options of the form <c>--name value</c>. People use <c>kdr</c>, which has the comfort.</summary>
static class CommandLine
{
    internal static Dictionary<string, string> Options(ReadOnlySpan<string> line, params ReadOnlySpan<string> known)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < line.Length; i += 2)
        {
            if (!known.Contains(line[i]))
                throw new UsageException($"'{line[i]}' is no option here; there are {string.Join(", ", known.ToArray())}");
            if (i + 1 == line.Length)
                throw new UsageException($"{line[i]} needs a value");
            if (!options.TryAdd(line[i], line[i + 1]))
                throw new UsageException($"{line[i]} is given twice");
        }
        return options;
    }

    internal static int Integer(Dictionary<string, string> options, string name, int otherwise, int lowest, int highest)
    {
        if (!options.TryGetValue(name, out var text))
            return otherwise;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= lowest && value <= highest
            ? value
            : throw new UsageException($"{name} '{text}': expected a whole number from {lowest} to {highest}");
    }

    /// <summary>--data, then KDR_DATA, then ./data, then none.</summary>
    internal static string? DataFolder(Dictionary<string, string> options)
    {
        var named = options.GetValueOrDefault("--data") ?? Environment.GetEnvironmentVariable("KDR_DATA");
        if (!string.IsNullOrEmpty(named))
            return Directory.Exists(named) ? Path.GetFullPath(named) : throw new UsageException($"the data folder '{named}' does not exist: name the folder that holds cifar10-mini/ or cifar-10-batches-bin/");
        return Directory.Exists("data") ? Path.GetFullPath("data") : null;
    }
}
