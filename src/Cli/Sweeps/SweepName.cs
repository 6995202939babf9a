using System.Globalization;
using KdRobust.Cli.Client;

namespace KdRobust.Cli.Sweeps;

/// <summary>What a person may call a sweep: its id, the beginning of it, <c>@last</c>, or its name (then the newest of it).</summary>
static class SweepName
{
    public const string Explanation = "A sweep's id, the beginning of one, its name (the newest of it), or @last";
    const int Searched = 100;

    /// <summary>Finds it.</summary>
    /// <exception cref="CommandFailedException">None, or several.</exception>
    public static async Task<Guid> Resolve(ServiceClient client, string text, CancellationToken ct)
    {
        if (Guid.TryParse(text, out var whole)) return whole;
        var newest = await client.Sweeps(Searched, null, ct);
        if (text == "@last")
            return newest.Items.Count > 0 ? newest.Items[0].Id : throw new CommandFailedException(ExitCode.NotFound, "there is no sweep yet: submit one with ./kdr sweep FILE");
        var byId = text.Length >= 4 && text.All(c => char.IsAsciiHexDigit(c) || c == '-') ? newest.Items.Where(s => s.Id.ToString().StartsWith(text, StringComparison.OrdinalIgnoreCase)).ToList() : [];
        if (byId.Count == 1) return byId[0].Id;
        if (byId.Count > 1)
            throw new CommandFailedException(ExitCode.Usage, string.Create(CultureInfo.InvariantCulture, $"{byId.Count} sweeps begin with {text}: {string.Join(", ", byId.Take(5).Select(s => $"{ExperimentName.Short(s.Id)} ({s.Name})"))}"));
        return (await client.Sweeps(1, text, ct)).Items is [var named, ..]
            ? named.Id
            : throw new CommandFailedException(ExitCode.NotFound, $"there is no sweep '{text}': ./kdr sweep ls shows those there are");
    }
}
