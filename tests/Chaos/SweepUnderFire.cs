using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using KdRobust.Chaos.Service;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Sweeps;
using KdRobust.Persistence.Tests.Arrange;

namespace KdRobust.Chaos;

/// <summary>What a sweep found.</summary>
/// <param name="Points">By learning rate: all that its training found, as text.</param>
/// <param name="Seconds">From its submission to its last end.</param>
/// <param name="Kills">Workers that were killed.</param>
/// <param name="Claims">Times a training was taken.</param>
/// <param name="Reaped">Times one was taken from a worker that was not heard of.</param>
public sealed record SweepOutcome(IReadOnlyDictionary<string, string> Points, double Seconds, int Kills, long Claims, long Reaped);

/// <summary>A sweep of real trainings on a service of its own, of whose workers one after the other is killed and started again.</summary>
/// <param name="assembly">Where programs of ours are built.</param>
/// <param name="points">Trainings, each with its own learning rate.</param>
/// <param name="workers">Workers of one thread.</param>
/// <param name="say">Takes a line about how far it is.</param>
public sealed class SweepUnderFire(Func<string, string> assembly, int points, int workers, Action<string> say)
{
    static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>Computes it from nothing.</summary>
    /// <param name="killEvery">Between two kills of a supervisor, each once its job has got further; null for none.</param>
    public async Task<SweepOutcome> Compute(TimeSpan? killEvery)
    {
        await using var arena = await Arena.Start(new ArenaSettings { Assembly = assembly, WorkerProject = "Worker", Workers = workers, Replicas = 1, Drain = 10, OwnHosts = false });
        using var person = new Person(arena.Replicas, TimeSpan.FromSeconds(60));
        await arena.Ensure(() => (1, TimeSpan.Zero));
        var begun = Stopwatch.GetTimestamp();
        var answer = await person.Ask(HttpMethod.Post, "/v1/sweeps", Sweep());
        if (!answer.IsYes)
            throw new InvalidOperationException($"the sweep was refused with {answer.Status}: {answer.Body}");
        var (kills, nextKill, said) = (0, killEvery, TimeSpan.Zero);
        while (true)
        {
            await arena.Ensure(() => (1, TimeSpan.Zero));
            var open = await arena.Value<long>("SELECT count(*) FROM job WHERE finished_at IS NULL");
            var passed = Stopwatch.GetElapsedTime(begun);
            if (open == 0)
                break;
            if (passed > Longest)
                throw new TimeoutException($"{open} trainings have not ended within {Longest}:\n{arena.Printed}");
            if (passed - said > TimeSpan.FromSeconds(10))
            {
                said = passed;
                say(FormattableString.Invariant($"{(killEvery is null ? "undisturbed" : "under fire")}: {points - open} of {points} after {passed.TotalSeconds:0} s, {kills} killed"));
            }
            if (passed >= nextKill && arena.Places[kills % arena.Places.Count] is var place && await HasGoneOn(arena, place.Name))
            {
                nextKill += killEvery;
                kills++;
                await place.Worker!.Kill();
            }
            await Task.Delay(100);
        }
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        await arena.SwitchOff();
        return new SweepOutcome(
            await Found(arena), seconds, kills, await arena.Value<long>("SELECT count(*) FROM job_event WHERE to_state = 'Running' AND from_state = 'Queued'"),
            await arena.Value<long>("SELECT count(*) FROM job_event WHERE from_state = 'Running' AND reason LIKE 'worker % was not heard of%'"));
    }

    // A job whose workers die three times before it gets any further is given up, and rightly: on a busy machine a training
    // may take longer to begin than the next kill takes to come.
    static Task<bool> HasGoneOn(Arena arena, string worker) => arena.Value<bool>(
        $"""
        SELECT EXISTS (SELECT 1 FROM job JOIN checkpoint ON checkpoint.job_id = job.id AND checkpoint.fence = job.fence
            WHERE job.state = 'Running' AND job.worker = '{worker}' AND checkpoint.role = 'Resume')
        """);

    // A worker that is killed between its output and its result leaves one that the next stores again: they must be the same.
    static async Task<IReadOnlyDictionary<string, string>> Found(Arena arena)
    {
        await using var command = arena.Database.DataSource.CreateCommand(
            """
            SELECT payload #>> '{training,optimizer,learningRate}',
                concat_ws(' ', state, result ->> 'finalLoss', result ->> 'finalTrainAccuracy',
                    (SELECT md5(string_agg(concat_ws(' ', series, epoch, step, value), ',' ORDER BY series, epoch, step)) FROM (
                        SELECT DISTINCT ON (series, epoch, step) series, epoch, step, value FROM metric WHERE job_id = job.id ORDER BY series, epoch, step, fence DESC, ordinal DESC) numbers),
                    (SELECT string_agg(DISTINCT name || ' ' || sha256, ',') FROM checkpoint WHERE job_id = job.id AND role = 'Output'))
            FROM job
            """);
        await using var rows = await command.ExecuteReaderAsync();
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await rows.ReadAsync())
            found[rows.GetString(0)] = rows.GetString(1);
        return found;
    }

    // Long enough, in epochs, to be killed in the middle and to go on from a resume point.
    string Sweep()
    {
        var one = JsonNode.Parse(JsonSerializer.Serialize(Specs.OneJob(Specs.NewSeed(), "under-fire"), SpecJson.Options))!;
        one["dataset"] = new JsonObject { ["name"] = "synthetic", ["trainImages"] = 100, ["testImages"] = 10 };
        one["seed"] = 1;
        var weights = one["models"]!["cni"]!["weights"]!.AsObject();
        weights["epochs"] = 6;
        weights["adversarial"] = null;
        weights["monitor"] = null;
        return JsonSerializer.Serialize(new SweepSpec
        {
            Name = "under-fire", Title = "one training a learning rate", Base = SpecReader.Read(one.ToJsonString()).Spec ?? throw new InvalidDataException("the bench's spec is wrong"), Halving = null,
            Space = new GridSpaceSpec
            {
                Axes = new Dictionary<string, GridAxisSpec>
                {
                    ["rate"] = new() { Paths = ["models.cni.weights.optimizer.learningRate"], Values = [.. Enumerable.Range(1, points).Select(n => JsonSerializer.SerializeToElement(n * 0.0002))] },
                },
            },
        }, SpecJson.Options);
    }
}
