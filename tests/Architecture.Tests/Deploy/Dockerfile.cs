using System.Text.RegularExpressions;

namespace KdRobust.Architecture.Tests.Deploy;

/// <summary>One instruction of a Dockerfile, continued lines joined, arguments of the build replaced by their defaults.</summary>
internal sealed record Instruction(string Name, string Text)
{
    public string[] Words => Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>What stands between two FROMs.</summary>
internal sealed record Stage(string Image, string? Name, IReadOnlyList<Instruction> Instructions)
{
    public IEnumerable<Instruction> Of(string name) => Instructions.Where(instruction => instruction.Name == name);
}

/// <summary>A Dockerfile as written.</summary>
internal sealed partial class Dockerfile
{
    private static readonly string[] Known = ["ARG", "FROM", "RUN", "COPY", "WORKDIR", "USER", "ENV", "VOLUME", "EXPOSE", "ENTRYPOINT", "CMD", "STOPSIGNAL", "HEALTHCHECK", "LABEL", "SHELL"];

    private Dockerfile(IReadOnlyList<Stage> stages) => Stages = stages;

    public IReadOnlyList<Stage> Stages { get; }

    /// <summary>The stage that becomes the image.</summary>
    public Stage Final => Stages[^1];

    public static Dockerfile Read(string text)
    {
        var arguments = new Dictionary<string, string>(StringComparer.Ordinal);
        var stages = new List<Stage>();
        var open = new List<Instruction>();
        foreach (var instruction in Instructions(text))
        {
            Known.ShouldContain(instruction.Name, "unknown instruction");
            var replaced = instruction with { Text = Variable().Replace(instruction.Text, match => arguments.GetValueOrDefault(match.Groups["name"].Value, match.Value)) };
            if (instruction.Name == "ARG" && instruction.Text.Split('=', 2) is [var name, var value])
                arguments[name] = value;
            if (instruction.Name == "FROM")
            {
                open = [];
                stages.Add(new Stage(replaced.Words[0], replaced.Words is [_, "AS", var stage] ? stage : null, open));
            }
            else
            {
                open.Add(replaced);
            }
        }
        stages.ShouldNotBeEmpty("no FROM");
        return new Dockerfile(stages);
    }

    private static IEnumerable<Instruction> Instructions(string text)
    {
        var joined = "";
        foreach (var line in text.Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0 && !line.TrimStart().StartsWith('#')))
        {
            joined += line.TrimStart() + " ";
            if (line.EndsWith('\\'))
            {
                joined = joined.TrimEnd()[..^1];
                continue;
            }
            var parts = joined.Trim().Split(' ', 2);
            parts.Length.ShouldBe(2, joined);
            yield return new Instruction(parts[0], parts[1].Trim());
            joined = "";
        }
        joined.ShouldBeEmpty("the last line is continued by none");
    }

    [GeneratedRegex(@"\$\{(?<name>\w+)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();
}
