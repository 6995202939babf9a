namespace KdRobust.Architecture.Tests;

/// <summary>Every file and type is named by a noun of the domain.</summary>
public class NamingTests
{
    private static readonly string[] Banned = ["Util", "Utils", "Utilities", "Helper", "Helpers", "Manager", "Common", "Base", "Impl", "Misc"];

    // "Database" ends in "base" only by spelling: the suffix must begin a word of its own.
    private static bool IsBanned(string name) =>
        Banned.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal)
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
        Checkout.SourceProjects.SelectMany(project => CompiledAssembly.Read(project).Types
                .Where(type => IsBanned(type.Split('`')[0]))
                .Select(type => $"{project}: {type}"))
            .ShouldBeEmpty();

    [Fact]
    public void Namespaces_follow_folders() =>
        Checkout.Files("src", "*.cs")
            .Where(file => !file.Contains("/Migrations/", StringComparison.Ordinal))
            .Select(file => (File: file, Expected: "KdRobust." + Path.GetDirectoryName(file)!["src/".Length..].Replace('/', '.'), Actual: NamespaceOf(file)))
            // The TorchSharp-compatible surface carries TorchSharp's namespaces; top-level programs carry none.
            .Where(found => found.Actual is not null && found.Actual != found.Expected
                && !(found.File.StartsWith("src/Torch/", StringComparison.Ordinal) && found.Actual.Split('.')[0] == "TorchSharp"))
            .Select(found => $"{found.File}: {found.Actual}, expected {found.Expected}")
            .ShouldBeEmpty();

    private static string? NamespaceOf(string file) =>
        File.ReadLines(Checkout.At(file))
            .FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))?["namespace ".Length..].TrimEnd(';', ' ', '{');
}
