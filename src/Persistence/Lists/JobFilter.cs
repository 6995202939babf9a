using KdRobust.Domain.Jobs;

namespace KdRobust.Persistence.Lists;

/// <summary>Which jobs are wanted; null does not restrict.</summary>
/// <param name="Owner">Whose.</param>
/// <param name="State">Where they are in their lives.</param>
/// <param name="Kind">E.g. <c>train</c>.</param>
/// <param name="Device">cpu or cuda.</param>
/// <param name="Worker">Who has them, or had them last.</param>
/// <param name="Contains">A part of the name, whatever the case.</param>
/// <param name="Experiment">Which experiment uses them.</param>
/// <param name="After">Submitted then or later.</param>
/// <param name="Before">Submitted earlier.</param>
public sealed record JobFilter(
    string? Owner = null, JobState? State = null, string? Kind = null, string? Device = null, string? Worker = null, string? Contains = null, Guid? Experiment = null,
    DateTimeOffset? After = null, DateTimeOffset? Before = null)
{
    internal Conditions Conditions()
    {
        var wanted = new Conditions();
        wanted.Equal("job.owner", Owner);
        wanted.Equal("job.state", State?.ToString());
        wanted.Equal("job.kind", Kind);
        wanted.Equal("job.device", Device);
        wanted.Equal("job.worker", Worker);
        wanted.Contains("job.name", Contains);
        wanted.Add("job.id IN (SELECT job_id FROM experiment_job WHERE experiment_id = {0})", Experiment);
        wanted.Add("job.created_at >= {0}", After?.ToUniversalTime());
        wanted.Add("job.created_at < {0}", Before?.ToUniversalTime());
        return wanted;
    }
}
