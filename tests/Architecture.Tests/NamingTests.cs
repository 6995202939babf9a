namespace KdRobust.Architecture.Tests;

/// <summary>Every file and type is named by a noun of the domain.</summary>
public class NamingTests
{
    private static readonly string[] Banned = ["Util", "Utils", "Utilities", "Helper", "Helpers", "Manager", "Common", "Base", "Impl", "Misc"];

    // TorchSharp's own public names, which source compatibility asks for.
    private static readonly string[] GivenByTorchSharp = ["OptimizerHelper"];

    // "Database" ends in "base" only by spelling: the suffix must begin a word of its own.
    private static bool IsBanned(string name) =>
        !GivenByTorchSharp.Contains(name) && Banned.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal)
            && (name.Length == suffix.Length || !char.IsUpper(name[^(suffix.Length + 1)])));

    [Theory]
    [InlineData("TensorUtils", true)]
    [InlineData("Common", true)]
    [InlineData("ModuleBase", true)]
    [InlineData("Database", false)]
    [InlineData("Checkpoint", false)]
    public void The_rule_tells_a_suffix_from_a_spelling(string name, bool banned) => IsBanned(name).ShouldBe(banned);

    [Fact]
    public void No_file_is_named_for_what_it_is_not() =>
        ((string[])["src", "tests"]).SelectMany(folder =>
                ((string[])["*.cs", "*.cpp", "*.h", "*.ts"]).SelectMany(pattern => Checkout.Files(folder, pattern)))
            .Where(file => Path.GetFileName(file).Split('.')[..^1].Any(IsBanned))
            .ShouldBeEmpty();

    [Fact]
    public void No_type_is_named_for_what_it_is_not() =>
        Checkout.BuiltProjects.SelectMany(project => CompiledAssembly.Read(project).Types
                .Where(type => IsBanned(type.Split('`')[0]))
                .Select(type => $"{project}: {type}"))
            .ShouldBeEmpty();

    [Fact]
    public void Namespaces_follow_folders() =>
        Checkout.Files("src", "*.cs")
            .Where(file => !file.Contains("/Migrations/", StringComparison.Ordinal))
            .Select(file => (File: file, Expected: ExpectedNamespace(file), Actual: NamespaceOf(file)))
            .Where(found => found.Actual is not null && found.Actual != found.Expected && !IsSurfaceOfTorch(found.File, found.Actual))
            .Select(found => $"{found.File}: {found.Actual}, expected {found.Expected}")
            .ShouldBeEmpty();

    /// <summary>KdRobust, then the nearest project, then the folders inside it.</summary>
    private static string ExpectedNamespace(string file)
    {
        var inside = "";
        for (var folder = Path.GetDirectoryName(file)!; folder.Length > 0; folder = Path.GetDirectoryName(folder)!)
        {
            var name = Path.GetFileName(folder);
            if (File.Exists(Checkout.At($"{folder}/{name}.csproj")))
                return $"KdRobust.{name}{inside}";
            inside = $".{name}{inside}";
        }
        throw new InvalidOperationException($"{file} belongs to no project");
    }

    /// <summary>The binding's public members carry TorchSharp's namespaces, and what TorchSharp lacks is KdRobust.Torch, in whatever folder.</summary>
    private static bool IsSurfaceOfTorch(string file, string space) =>
        file.StartsWith("src/Torch/", StringComparison.Ordinal) && (space == "KdRobust.Torch" || space.Split('.')[0] == "TorchSharp");

    private static string? NamespaceOf(string file) =>
        File.ReadLines(Checkout.At(file))
            .FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))?["namespace ".Length..].TrimEnd(';', ' ', '{');
}
