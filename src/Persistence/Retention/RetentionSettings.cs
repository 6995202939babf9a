namespace KdRobust.Persistence.Retention;

/// <summary>How long what is kept. Days count from the end of a job.</summary>
public sealed record RetentionSettings
{
    /// <summary>Days after which step metrics of a training are down-sampled; null never. Epoch metrics stay as they are.</summary>
    public int? StepMetricDays { get; init; } = 30;

    /// <summary>Points that are left of a series in one epoch: means over buckets of equal counts, with lowest and highest.</summary>
    public int StepMetricBuckets { get; init; } = 20;

    /// <summary>Days after which resume points of a succeeded job are deleted; null never. Nothing continues from them.</summary>
    public int? SucceededResumeDays { get; init; } = 1;

    /// <summary>Days after which resume points of a failed or cancelled job are deleted; null never. Until then its newest ones let it be tried again from there.</summary>
    public int? EndedResumeDays { get; init; } = 90;

    /// <summary>Days after which outputs of a failed or cancelled job are deleted that no experiment uses but cancelled ones; null never. What an experiment uses is never deleted.</summary>
    public int? UnusedOutputDays { get; init; } = 30;

    /// <summary>Days after which the parts that a merge was put together from are deleted; null never. The merge stays.</summary>
    public int? MergedPartDays { get; init; } = 1;

    /// <summary>Months of job history that stay in reach; older ones are detached and stand as tables of their own. Null keeps all.</summary>
    public int? HistoryMonths { get; init; }

    /// <summary>What is wrong with the numbers, each with its name; empty when nothing is.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        Check(nameof(StepMetricDays), StepMetricDays, 0);
        Check(nameof(StepMetricBuckets), StepMetricBuckets, 1);
        Check(nameof(SucceededResumeDays), SucceededResumeDays, 0);
        Check(nameof(EndedResumeDays), EndedResumeDays, 0);
        Check(nameof(UnusedOutputDays), UnusedOutputDays, 0);
        Check(nameof(MergedPartDays), MergedPartDays, 0);
        Check(nameof(HistoryMonths), HistoryMonths, 1);
        return problems;

        void Check(string name, int? value, int least)
        {
            if (value is { } number && (number < least || number > 36_500))
                problems.Add($"{char.ToLowerInvariant(name[0])}{name[1..]} is {number}; expected {least} to 36500, or null");
        }
    }
}

/// <summary>What retention did, or would do.</summary>
/// <param name="JobsThinned">Trainings whose step metrics were down-sampled.</param>
/// <param name="MetricsRemoved">Metric rows that went with that.</param>
/// <param name="ResumePointsRemoved">Resume points deleted.</param>
/// <param name="OutputsRemoved">Outputs deleted: replaced by newer ones, of no use to any experiment, or parts of what was merged.</param>
/// <param name="CheckpointBytesRemoved">Their bytes together; what the disk gets back is less where chunks are shared.</param>
/// <param name="ChunksRemoved">Chunks that nothing names any more. In a dry run only those that nothing names now.</param>
/// <param name="MonthsMade">Partitions of the job history made ahead.</param>
/// <param name="MonthsDetached">Partitions of the job history detached.</param>
public sealed record RetentionReport(
    int JobsThinned, long MetricsRemoved, int ResumePointsRemoved, int OutputsRemoved, long CheckpointBytesRemoved, int ChunksRemoved,
    IReadOnlyList<string> MonthsMade, IReadOnlyList<string> MonthsDetached);
