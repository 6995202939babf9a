namespace KdRobust.Architecture.Tests;

/// <summary>One concept a file: what grows past this is usually two.</summary>
public class FileLengthTests
{
    private const int Limit = 350;

    /// <summary>File -> why it is one concept all the same.</summary>
    private static readonly Dictionary<string, string> Exceptions = new(StringComparer.Ordinal);

    private static IEnumerable<(string File, int Lines)> Sources() =>
        ((string[])["*.cs", "*.cpp", "*.h"]).SelectMany(pattern => Checkout.Files("src", pattern))
            .Where(file => !file.Contains("/Migrations/", StringComparison.Ordinal))
            .Select(file => (file, File.ReadLines(Checkout.At(file)).Count()));

    [Fact]
    public void No_source_file_is_longer_than_350_lines() =>
        Sources().Where(source => source.Lines > Limit && !Exceptions.ContainsKey(source.File))
            .Select(source => $"{source.File}: {source.Lines} lines")
            .ShouldBeEmpty();

    [Fact]
    public void Every_exception_is_still_needed() =>
        Exceptions.Keys.Except(Sources().Where(source => source.Lines > Limit).Select(source => source.File)).ShouldBeEmpty();
}
