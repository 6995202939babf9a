using System.Globalization;
using System.Security.Cryptography;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Client;

/// <summary>Weights that a service keeps, named by experiment, model and which of its weights.</summary>
/// <param name="Experiment">As <see cref="ExperimentName"/>.</param>
/// <param name="Model">Name of the model in the experiment's spec.</param>
/// <param name="Checkpoint">Last, average or best.</param>
sealed record StoredWeights(string Experiment, string Model, ModelCheckpoint Checkpoint)
{
    const char Between = ':';

    /// <summary>Reads <c>EXPERIMENT:MODEL</c>; null when the text is not of this form.</summary>
    public static StoredWeights? Of(string text, ModelCheckpoint checkpoint) =>
        text.LastIndexOf(Between) is > 0 and var at && at < text.Length - 1 ? new(text[..at], text[(at + 1)..], checkpoint) : null;

    /// <summary>Fetches them into a new file.</summary>
    /// <exception cref="CommandFailedException">There are none, or what came is not what was stored.</exception>
    public async Task Download(ServiceClient client, string path, CancellationToken ct)
    {
        var detail = await client.Experiment(await ExperimentName.Resolve(client, Experiment, ct), ct);
        string[] keys = [$"train/{Model}", $"import/{Model}"];
        if (detail.Jobs.FirstOrDefault(job => keys.Contains(job.Key)) is not { Job: var job })
        {
            var models = detail.Jobs.Select(j => j.Key.Split('/', 2)).Where(parts => parts[0] is "train" or "import").Select(parts => parts[1]);
            throw new CommandFailedException(ExitCode.NotFound, $"{detail.Experiment.Name} has no model '{Model}': there are {string.Join(", ", models)}");
        }
        var name = OutputNames.Of(Checkpoint);
        if ((await client.Job(job.Id, ct)).Checkpoints.FirstOrDefault(c => c.Role == CheckpointRole.Output && c.Name == name) is not { } stored)
            throw new CommandFailedException(ExitCode.NotFound, job.State == JobState.Succeeded
                ? $"{job.Name} keeps no {name}: its training has no such weights"
                : $"{job.Name} is {job.State.ToString().ToLowerInvariant()} and has stored no {name} yet");
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite);
        await client.Checkpoint(stored.Id, file, ct);
        file.Position = 0;
        if (file.Length != stored.Bytes || Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct)) != stored.Sha256)
            throw new CommandFailedException(ExitCode.Failed, string.Create(CultureInfo.InvariantCulture, $"{name} of {job.Name} came damaged ({file.Length} of {stored.Bytes} bytes): try again; if it stays so, the stored copy is damaged and the job has to run again"));
    }
}
