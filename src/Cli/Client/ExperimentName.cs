using System.Globalization;

namespace KdRobust.Cli.Client;

/// <summary>What a person may call an experiment: its id, the beginning of it, <c>@last</c>, or its name (then the newest of it).</summary>
static class ExperimentName
{
    public const string Explanation = "An id, the beginning of one, an experiment's name (the newest of it), or @last";
    const int Searched = 500;

    /// <summary>A unique, short form for lists: the part of the id that holds the millisecond of submission.</summary>
    public static string Short(Guid id) => id.ToString()[..13];

    /// <summary>Finds it.</summary>
    /// <exception cref="CommandFailedException">None, or several.</exception>
    public static async Task<Guid> Resolve(ServiceClient client, string text, CancellationToken ct)
    {
        if (Guid.TryParse(text, out var whole)) return whole;
        var newest = await client.List(Searched, ct);
        if (text == "@last")
            return newest.Items.Count > 0 ? newest.Items[0].Id : throw new CommandFailedException(ExitCode.NotFound, "there is no experiment yet: submit one with ./kdr submit FILE");
        var byId = text.Length >= 4 && text.All(c => char.IsAsciiHexDigit(c) || c == '-') ? newest.Items.Where(e => e.Id.ToString().StartsWith(text, StringComparison.OrdinalIgnoreCase)).ToList() : [];
        if (byId.Count == 1) return byId[0].Id;
        if (byId.Count > 1)
            throw new CommandFailedException(ExitCode.Usage, string.Create(CultureInfo.InvariantCulture, $"{byId.Count} experiments begin with {text}: {string.Join(", ", byId.Take(5).Select(e => $"{Short(e.Id)} ({e.Name})"))}"));
        return (await client.Newest(text, ct)).Items is [var named, ..]
            ? named.Id
            : throw new CommandFailedException(ExitCode.NotFound, $"there is no experiment '{text}': ./kdr ls shows those there are");
    }
}
