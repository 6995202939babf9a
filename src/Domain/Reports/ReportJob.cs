using System.Text.Json.Serialization;
using KdRobust.Domain.Jobs;

namespace KdRobust.Domain.Reports;

/// <summary>A job's line in the report.</summary>
/// <param name="Key">Its key in the plan.</param>
/// <param name="Name">For people.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Fingerprint">Its fingerprint.</param>
/// <param name="Seconds">Seconds of computing; null while there is no result.</param>
/// <param name="Selected">The epoch a training chose as its best; null without selection.</param>
/// <param name="Import">What an import read; null for other jobs.</param>
/// <param name="Shards">Jobs that computed parts of it, whose seconds are in <paramref name="Seconds"/>; 0 for a single job.</param>
public sealed record ReportJob(
    string Key, string Name, string Kind, string Fingerprint, double? Seconds, SelectedEpoch? Selected, ImportMapping? Import,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Shards = 0)
{
    /// <summary>The kind, and how many shards there were, e.g. <c>transfer-attack x 8 shards</c>.</summary>
    [JsonIgnore]
    public string KindInWords => Shards == 0 ? Kind : FormattableString.Invariant($"{Kind} x {Shards} shards");
}

/// <summary>What became of an imported file.</summary>
/// <param name="Parameters">Numbers that were read.</param>
/// <param name="Mapped">Which name of the file became which of the network.</param>
/// <param name="Skipped">Names of the file that were left out.</param>
public sealed record ImportMapping(long Parameters, IReadOnlyList<MappedKey> Mapped, IReadOnlyList<string> Skipped);
