using System.Globalization;
using KdRobust.Cli.Client;

namespace KdRobust.Cli.Commands;

/// <summary>One request about everything that matches a filter, once it is clear how many these are.</summary>
static class BulkRequest
{
    sealed record Listed(Guid Id);

    /// <summary>Does it; without <paramref name="expect"/> and <paramref name="yes"/> it only counts.</summary>
    /// <exception cref="CommandFailedException">Exit code 2: nobody confirmed; the message says how many match.</exception>
    public static async Task Do(
        CommandContext context, ServiceClient client, string address, string list, string filter, string rest, int? expect, bool yes, CancellationToken ct)
    {
        var count = expect ?? await Count(client, list, filter, ct);
        if (expect is null && !yes)
            throw new CommandFailedException(ExitCode.Usage, string.Create(CultureInfo.InvariantCulture, $"{count} match. To change them all, say --expect {count} (or --yes)"));
        var done = await client.Do<BulkDone>(string.Create(CultureInfo.InvariantCulture, $"{address}?{filter}&expect={count}&{rest}").TrimEnd('&'), null, ct);
        foreach (var skipped in done.Skipped) context.Terminal.Out.WriteLine($"{skipped.Id}\t{skipped.Why}");
        context.Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{done.Changed} of {done.Matched} changed"));
    }

    static async Task<int> Count(ServiceClient client, string list, string filter, CancellationToken ct)
    {
        var (count, cursor) = (0, "");
        do
        {
            var page = await client.Ask<Page<Listed>>($"{list}?limit=500&{filter}{cursor}", ct);
            count += page.Items.Count;
            cursor = page.Next is null ? "" : $"&cursor={Uri.EscapeDataString(page.Next)}";
        }
        while (cursor.Length > 0 && count <= 1000);
        return count;
    }
}
