namespace KdRobust.Cli.Client;

/// <summary>What a person means by a name: an experiment, or a job.</summary>
/// <param name="Id">Its id.</param>
/// <param name="IsJob">True for a job.</param>
sealed record ServiceTarget(Guid Id, bool IsJob)
{
    public const string Explanation = $"{ExperimentName.Explanation}; a job's id; or EXPERIMENT:KEY for one of its jobs, e.g. @last:train/cni";

    /// <summary>Address of the thing itself.</summary>
    public string Address => $"/v1/{(IsJob ? "jobs" : "experiments")}/{Id}";

    /// <summary>Finds it.</summary>
    /// <exception cref="CommandFailedException">None, or several.</exception>
    public static async Task<ServiceTarget> Resolve(ServiceClient client, string text, CancellationToken ct)
    {
        if (text.IndexOf(':') is > 0 and var at)
        {
            var detail = await client.Experiment(await ExperimentName.Resolve(client, text[..at], ct), ct);
            return detail.Jobs.FirstOrDefault(job => job.Key == text[(at + 1)..]) is { } found
                ? new(found.Job.Id, true)
                : throw new CommandFailedException(ExitCode.NotFound, $"{detail.Experiment.Name} has no job '{text[(at + 1)..]}': there are {string.Join(", ", detail.Jobs.Select(job => job.Key))}");
        }
        var id = await ExperimentName.Resolve(client, text, ct);
        if (!Guid.TryParse(text, out _)) return new(id, false);
        try
        {
            await client.Experiment(id, ct);
            return new(id, false);
        }
        catch (CommandFailedException missing) when (missing.ExitCode == ExitCode.NotFound)
        {
            await client.Job(id, ct);
            return new(id, true);
        }
    }
}
