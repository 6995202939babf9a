using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Reports;

namespace KdRobust.EndToEnd.Tests.Arrange;

/// <summary>All that an experiment measured, without what may differ: times, and fingerprints of another run.</summary>
static class Digits
{
    public static string Of(string reportJson)
    {
        var report = JsonSerializer.Deserialize<ExperimentReport>(reportJson, SpecJson.Options)!;
        report.Complete.ShouldBeTrue();
        return JsonSerializer.Serialize(new
        {
            Counts = report.Records.Select(r => new { r.Id, r.Correct, r.Images, r.Draws }),
            report.Figures,
        }, SpecJson.Indented);
    }
}
