using System.Globalization;
using System.Text;
using System.Text.Json;
using KdRobust.Domain.Reports;

namespace KdRobust.Api.Reports;

/// <summary>Every measured number with all that is needed to judge it, one a line; RFC 4180.</summary>
static class CsvReport
{
    public static string Write(ExperimentReport report)
    {
        var paper = report.Tables.SelectMany(t => t.Rows).SelectMany(r => r.Cells).Where(c => c.Paper is not null)
            .GroupBy(c => c.ResultId, StringComparer.Ordinal).ToDictionary(c => c.Key, c => c.First().Paper, StringComparer.Ordinal);
        var text = new StringBuilder("result,paper,accuracy,lower95,upper95,exactLower95,exactUpper95,overDrawsLower95,overDrawsUpper95,correct,images,draws,meanDraws,aggregation,seed,seconds,dataset,job,fingerprint,build,libtorch,blas,device,threads\r\n");
        foreach (var r in report.Records)
        {
            string?[] fields =
            [
                r.Id, Number(paper.GetValueOrDefault(r.Id)), Number(r.Accuracy), Number(r.Lower), Number(r.Upper), Number(r.ExactLower), Number(r.ExactUpper), Number(100 * r.OverDraws?.Lower), Number(100 * r.OverDraws?.Upper),
                Number(r.Correct), Number(r.Images), Number(r.Draws), Number(r.MeanDraws),
                JsonNamingPolicy.KebabCaseLower.ConvertName(r.Aggregation.ToString()), r.Seed.ToString(CultureInfo.InvariantCulture), Number(r.Seconds), report.Dataset, r.Job, r.Fingerprint,
                r.Provenance.Build, r.Provenance.Libtorch, r.Provenance.Blas, r.Provenance.Device, Number(r.Provenance.Threads),
            ];
            text.AppendJoin(',', fields.Select(Field)).Append("\r\n");
        }
        if (report.Comparisons.Count > 0)
        {
            // A second table of its own columns: what reads the first one stops at the empty line.
            text.Append("\r\ncomparison,first,second,test,images,onlyFirst,onlySecond,difference,lower,upper,confidence,p,verdict\r\n");
            foreach (var c in report.Comparisons)
                text.AppendJoin(',', new[]
                {
                    c.Id, c.First, c.Second, c.TestName, Number(c.Outcome?.Images), Number(c.Outcome?.OnlyFirst), Number(c.Outcome?.OnlySecond), Number(c.Outcome?.Difference),
                    Number(c.Outcome?.Lower), Number(c.Outcome?.Upper), Number(c.Outcome?.Confidence), Number(c.Outcome?.P), c.Outcome?.Verdict,
                }.Select(Field)).Append("\r\n");
        }
        return text.ToString();
    }

    /// <summary>Quoted where needed.</summary>
    internal static string Field(string? value) =>
        value is null ? "" : value.AsSpan().IndexOfAny(",\"\r\n") < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    static string? Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture);
}
