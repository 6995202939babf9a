namespace KdRobust.Cli.Output;

/// <summary>Rows in columns: aligned with headings for a person, tab-separated without headings for a program.</summary>
sealed class Columns(params string[] headings)
{
    readonly List<string[]> rows = [];

    public void Add(params string?[] cells) => rows.Add([.. cells.Select(cell => cell ?? "")]);

    public void Write(Terminal terminal)
    {
        if (!terminal.IsTable)
        {
            foreach (var row in rows) terminal.Out.WriteLine(string.Join('\t', row.Select(cell => cell.Replace('\t', ' '))));
            return;
        }
        var widths = headings.Select((heading, i) => rows.Select(row => row[i].Length).Append(heading.Length).Max()).ToList();
        foreach (var row in rows.Prepend(headings))
            terminal.Out.WriteLine(string.Join("  ", row.Select((cell, i) => i == row.Length - 1 ? cell : cell.PadRight(widths[i]))).TrimEnd());
    }
}
