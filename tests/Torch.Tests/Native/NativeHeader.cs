using System.Text.RegularExpressions;

namespace KdRobust.Torch.Tests.Native;

/// <summary>The kinds of value that cross the C ABI, by how they are passed.</summary>
enum Passed
{
    Nothing,
    Pointer,
    Int32,
    Int64,
    Double,
    Scalar,
}

/// <summary>One exported function: what it returns and takes.</summary>
sealed record NativeFunction(string Name, Passed Returned, IReadOnlyList<Passed> Taken)
{
    public override string ToString() => $"{Returned} {Name}({string.Join(", ", Taken)})";
}

/// <summary>Reads the functions that the native headers declare, with the lists of operations in their macros written out.</summary>
static partial class NativeHeader
{
    internal static IReadOnlyList<NativeFunction> Read(string folder) =>
        [.. Directory.GetFiles(folder, "kdr_*.h").Order(StringComparer.Ordinal).SelectMany(file => Functions(Expand(File.ReadAllText(file))))];

    /// <summary>The text without comments and directives, every function-like macro replaced at its use.</summary>
    static string Expand(string text)
    {
        text = Comment().Replace(text, " ").Replace("\\\n", " ", StringComparison.Ordinal);
        var macros = new Dictionary<string, (string[] Parameters, string Body)>(StringComparer.Ordinal);
        var expanded = new List<string>();
        foreach (var line in text.Split('\n'))
        {
            if (Definition().Match(line) is { Success: true } definition)
                macros[definition.Groups["name"].Value] = ([.. definition.Groups["parameters"].Value.Split(',').Select(name => name.Trim())], definition.Groups["body"].Value);
            else if (Removal().Match(line) is { Success: true } removal)
                macros.Remove(removal.Groups["name"].Value);
            else if (!line.TrimStart().StartsWith('#'))
                expanded.Add(Expand(line, macros));
        }
        return string.Join('\n', expanded);
    }

    static string Expand(string line, Dictionary<string, (string[] Parameters, string Body)> macros)
    {
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var (name, (parameters, body)) in macros)
            {
                var use = Regex.Match(line, $@"\b{name}\(([^()]*)\)");
                if (!use.Success)
                    continue;
                var arguments = use.Groups[1].Value.Split(',');
                var result = body;
                for (var i = 0; i < parameters.Length; i++)
                    result = Regex.Replace(result, $@"\b{parameters[i]}\b", arguments[i].Trim());
                line = line[..use.Index] + Joined().Replace(result, "") + line[(use.Index + use.Length)..];
                changed = true;
            }
        }
        return line;
    }

    static IEnumerable<NativeFunction> Functions(string text) =>
        from declaration in Declaration().Matches(text)
        let parameters = Split(declaration.Groups["parameters"].Value).Where(parameter => parameter is not ("" or "void"))
        select new NativeFunction(declaration.Groups["name"].Value, Kind(declaration.Groups["type"].Value), [.. parameters.Select(Kind)]);

    /// <summary>Parameters at the outer level: those of a function pointer stay together.</summary>
    static IEnumerable<string> Split(string parameters)
    {
        int depth = 0, start = 0;
        for (var i = 0; i < parameters.Length; i++)
        {
            depth += parameters[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (parameters[i] == ',' && depth == 0)
            {
                yield return parameters[start..i].Trim();
                start = i + 1;
            }
        }
        yield return parameters[start..].Trim();
    }

    static Passed Kind(string declared) => declared switch
    {
        _ when declared.Contains('*', StringComparison.Ordinal) => Passed.Pointer,
        _ when declared.Contains("int64_t", StringComparison.Ordinal) => Passed.Int64,
        _ when declared.Contains("int32_t", StringComparison.Ordinal) => Passed.Int32,
        _ when declared.Contains("double", StringComparison.Ordinal) => Passed.Double,
        _ when declared.Contains("kt_scalar", StringComparison.Ordinal) => Passed.Scalar,
        _ when declared.Trim() == "void" => Passed.Nothing,
        _ => throw new InvalidDataException($"the type of '{declared}' is not one the ABI allows"),
    };

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^\s*#define\s+(?<name>\w+)\((?<parameters>[^)]*)\)\s*(?<body>.*)$")]
    private static partial Regex Definition();

    [GeneratedRegex(@"^\s*#undef\s+(?<name>\w+)")]
    private static partial Regex Removal();

    [GeneratedRegex(@"\s*##\s*")]
    private static partial Regex Joined();

    [GeneratedRegex(@"KT_API\s+(?<type>[\w\s*]+?)\s*\b(?<name>kt_\w+)\s*\((?<parameters>(?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)\s*;")]
    private static partial Regex Declaration();
}
