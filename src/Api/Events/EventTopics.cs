using KdRobust.Api.Problems;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Sweeps;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Events;

/// <summary>A job that a stream tells of.</summary>
/// <param name="Id">The job.</param>
/// <param name="WithMetrics">True when its numbers are wanted too, which only a topic of its own asks for.</param>
sealed record WatchedJob(Guid Id, bool WithMetrics);

/// <summary>What one stream tells of: experiments and their jobs, single jobs with their metrics, and sweeps as wholes.</summary>
sealed record EventTopics(IReadOnlyList<Guid> Experiments, IReadOnlyList<WatchedJob> Jobs, IReadOnlyList<Guid> Sweeps)
{
    const int MostTopics = 50;

    /// <summary>Reads <c>topics=experiment:ID,job:ID,sweep:ID</c> and finds what it names.</summary>
    /// <param name="text">The query's value.</param>
    /// <param name="owner">Whose things may be seen; null for everybody's.</param>
    /// <param name="experiments">Where experiments are.</param>
    /// <param name="jobs">Where jobs are.</param>
    /// <param name="sweeps">Where sweeps are.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<(EventTopics? Topics, ProblemHttpResult? Refused)> Read(string? text, string? owner, ExperimentStore experiments, JobStore jobs, SweepStore sweeps, CancellationToken ct)
    {
        var names = (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (names.Length is 0 or > MostTopics)
            return (null, Refusal.As(ProblemKind.BadRequest, $"topics names {names.Length}; expected 1 to {MostTopics}, e.g. topics=experiment:ID,job:ID,sweep:ID"));
        var found = new EventTopics([], [], []);
        foreach (var name in names)
        {
            if (name.Split(':') is not [var kind and ("experiment" or "job" or "sweep"), var value] || !Guid.TryParse(value, out var id))
                return (null, Refusal.As(ProblemKind.BadRequest, $"topic '{name}' is not one; expected experiment:ID, job:ID or sweep:ID"));
            if (kind == "experiment")
            {
                if (await experiments.Find(id, owner, ct) is null) return (null, Refusal.NotFound("experiment", id));
                var its = (await experiments.Jobs(id, ct)).Select(j => new WatchedJob(j.Job.Id, false));
                found = found with { Experiments = [.. found.Experiments, id], Jobs = [.. found.Jobs, .. its.ExceptBy(found.Jobs.Select(j => j.Id), j => j.Id)] };
            }
            else if (kind == "sweep")
            {
                if (await sweeps.Find(id, owner, ct) is null) return (null, Refusal.NotFound("sweep", id));
                found = found with { Sweeps = [.. found.Sweeps, id] };
            }
            else
            {
                if (await jobs.Find(id, owner, ct) is null) return (null, Refusal.NotFound("job", id));
                found = found with { Jobs = [.. found.Jobs.Where(j => j.Id != id), new WatchedJob(id, true)] };
            }
        }
        // In an order of their own, so that the same topics named differently read the same event ids.
        return (new([.. found.Experiments.Distinct().Order()], [.. found.Jobs.OrderBy(j => j.Id)], [.. found.Sweeps.Distinct().Order()]), null);
    }
}
