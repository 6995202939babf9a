using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Reports;
using KdRobust.Support;

namespace KdRobust.Cli.Tests.Results;

/// <summary>The results of this checkout, which kdr table, documents and people read for as long as they stand.</summary>
public sealed class StoredResultsTests
{
    static string Folder => Repository.At("results");

    // demo.json is the demo's own record: its report is one part of it.
    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Folder, "*.json", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Folder, file)).Where(file => file != "demo.json").Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_report_that_was_stored_can_still_be_read(string file)
    {
        var report = JsonSerializer.Deserialize<ExperimentReport>(File.ReadAllText(Path.Combine(Folder, file)), SpecJson.Options).ShouldNotBeNull();
        report.Complete.ShouldBeTrue();
        (report.Records.Count + report.Figures.Sum(figure => figure.Panels.Sum(panel => panel.Series.Sum(series => series.Points.Count)))).ShouldBePositive();
    }
}
