using KdRobust.Domain.Runs;

namespace KdRobust.Learning.Data;

/// <summary>Where the data sets' folders are: a named folder, then <c>KDR_DATA</c>, then <c>./data</c>.</summary>
public static class DataFolder
{
    public const string Variable = "KDR_DATA";

    /// <summary>The folder that holds <c>cifar-10-batches-bin/</c> or <c>cifar10-mini/</c>, or null when none is named and there is no <c>./data</c>.</summary>
    /// <param name="named">What <c>--data</c> says, or null.</param>
    /// <exception cref="RunInputException">A folder is named that is not there: a typing mistake never falls through to another folder.</exception>
    public static string? Resolve(string? named)
    {
        if (!string.IsNullOrEmpty(named)) return Existing(named, "--data");
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } variable) return Existing(variable, Variable);
        var here = Path.GetFullPath("data");
        return Directory.Exists(here) ? here : null;
    }

    static string Existing(string folder, string source) =>
        Directory.Exists(folder)
            ? Path.GetFullPath(folder)
            : throw new RunInputException($"{source} names the folder '{folder}', which does not exist; name the folder that holds cifar-10-batches-bin/ or cifar10-mini/");
}
