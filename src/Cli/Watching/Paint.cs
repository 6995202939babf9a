using System.Text;

namespace KdRobust.Cli.Watching;

/// <summary>Colours of a terminal (SGR sequences), or none.</summary>
sealed class Paint(bool on)
{
    const char Escape = '\e';

    public string Good(string text) => Colour("32", text);

    public string Bad(string text) => Colour("31", text);

    public string Faint(string text) => Colour("2", text);

    public string Strong(string text) => Colour("1", text);

    public string Full(string text) => Colour("34", text);

    /// <summary>The first characters of a line; colour sequences take no room and are all kept.</summary>
    public string Cut(string line, int width)
    {
        var kept = new StringBuilder();
        var seen = 0;
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == Escape)
            {
                var end = line.IndexOf('m', i);
                kept.Append(line, i, end - i + 1);
                i = end;
            }
            else if (seen++ < width) kept.Append(line[i]);
        }
        return kept.ToString();
    }

    string Colour(string code, string text) => on && text.Length > 0 ? $"{Escape}[{code}m{text}{Escape}[0m" : text;
}
