using System.Text;

namespace KdRobust.Domain.Reports;

/// <summary>Rows of cells as text; the first is the heading, text columns stand left of number columns.</summary>
static class TextGrid
{
    /// <summary>Aligned columns, indented by two.</summary>
    /// <param name="lines">The heading, then the rows; all of one length.</param>
    /// <param name="texts">Columns of text, aligned left; the others are aligned right.</param>
    public static string Plain(IReadOnlyList<IReadOnlyList<string>> lines, int texts)
    {
        var widths = Enumerable.Range(0, lines[0].Count).Select(c => lines.Max(l => l[c].Length)).ToList();
        var text = new StringBuilder();
        for (var i = 0; i < lines.Count; i++)
        {
            text.Append("  ").Append(string.Join("   ", lines[i].Select((cell, c) => c < texts ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))).TrimEnd()).Append('\n');
            if (i == 0) text.Append("  ").Append(string.Join("   ", widths.Select(w => new string('-', w)))).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>A Markdown table.</summary>
    /// <inheritdoc cref="Plain"/>
    public static string Markdown(IReadOnlyList<IReadOnlyList<string>> lines, int texts)
    {
        var text = new StringBuilder();
        for (var i = 0; i < lines.Count; i++)
        {
            text.Append("| ").Append(string.Join(" | ", lines[i].Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))).Append(" |\n");
            if (i == 0) text.Append('|').Append(string.Concat(lines[0].Select((_, c) => c < texts ? " --- |" : " ---: |"))).Append('\n');
        }
        return text.ToString();
    }
}
