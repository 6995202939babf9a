using System.Text.Json;
using KdRobust.ActionWorker;
using KdRobust.Chaos.Checks;
using KdRobust.Chaos.Service;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Tests.Arrange;

namespace KdRobust.Chaos.Faults;

/// <summary>People at work: they submit, cancel, pause, retry and reorder, one request at a time, and keep what they were promised in the ledger.</summary>
sealed class Requests(Arena arena, Ledger ledger, Person person)
{
    const int MostWaiting = 6;

    // Open jobs, from which on people wait too: more than the workers can do would only pile up.
    const int MostOpen = 100;

    // Answers come in the order of the questions, so that the ledger holds the last word.
    readonly SemaphoreSlim turn = new(1, 1);
    int waiting;

    /// <summary>Experiments that got no answer.</summary>
    internal int Unanswered { get; private set; }

    internal IEnumerable<Fault> All()
    {
        yield return new Fault("submit", 60, Submit);
        yield return Asked("cancel", 6, job => $"/v1/jobs/{job}/cancel", (job, _) =>
        {
            ledger.Cancelled.Add(job);
        }, answer => answer["outcome"]!.GetValue<string>() is "cancelled" or "requested");
        yield return Asked("pause", 6, job => $"/v1/jobs/{job}/pause");
        yield return Asked("resume", 6, job => $"/v1/jobs/{job}/resume");
        yield return new Fault("retry", 6, async dice =>
        {
            var number = dice.Next(1 << 20);
            var scratch = dice.Next(3) == 0;
            var ended = await arena.Steadily(async () => await arena.Database.Scalar<Guid[]>("SELECT array_agg(id ORDER BY seq) FROM job WHERE state IN ('Failed', 'Cancelled')"));
            if (ended is null)
                return null;
            var job = ended[number % ended.Length];
            return await InTurn(async () => await Retry(job, scratch) ? $"had {job} tried again{(scratch ? " from scratch" : "")}" : null);
        });
        yield return new Fault("priority", 4, async dice =>
        {
            var priority = dice.Next(-100, 101);
            return await About(dice, "priority", job => FormattableString.Invariant($"/v1/jobs/{job}/priority?priority={priority}"), (job, _) => ledger.Priorities[job] = priority);
        });
    }

    /// <summary>Asks for a job again, as a person who has seen it fail.</summary>
    /// <returns>False when that was refused.</returns>
    internal async Task<bool> Retry(Guid job, bool fromScratch)
    {
        var answer = await person.Ask(HttpMethod.Post, $"/v1/jobs/{job}/retry{(fromScratch ? "?from=scratch" : "")}");
        if (answer.IsUnknown || answer.Effect is not null)
        {
            // Nobody said which jobs came back with it.
            ledger.Unsure.Add(job);
            ledger.Unsure.UnionWith(await arena.Steadily(async () => await arena.Database.Scalar<Guid[]>(
                $"WITH RECURSIVE below(id) AS (SELECT job_id FROM job_dependency WHERE parent_id = '{job}' UNION SELECT edge.job_id FROM job_dependency edge JOIN below ON edge.parent_id = below.id) SELECT array_agg(id) FROM below")) ?? []);
            return answer.Effect is not null;
        }
        if (!answer.IsYes)
            return false;
        ledger.Cancelled.Remove(job);
        foreach (var back in answer.Body!["takenBack"]!.AsArray())
            ledger.Cancelled.Remove(back!.GetValue<Guid>());
        return true;
    }

    /// <summary>Lets everything go on that was paused.</summary>
    internal async Task ResumeAll()
    {
        foreach (var job in await arena.Steadily(async () => await arena.Database.Scalar<Guid[]>("SELECT array_agg(id) FROM job WHERE state = 'Paused' OR (pause_requested_at IS NOT NULL AND state IN ('Running', 'Blocked'))")) ?? [])
            await person.Ask(HttpMethod.Post, $"/v1/jobs/{job}/resume");
    }

    async Task<string?> Submit(Random dice)
    {
        var epochs = dice.Next(3, 60);
        var script = new ActionScript(epochs, MillisecondsPerEpoch: dice.Next(5, 200), CheckpointBytes: dice.Next(12) == 0 ? 3_000_000 : dice.Next(64, 60_000));
        var whole = dice.Next(8) == 0;
        if (await arena.Value<long>("SELECT count(*) FROM job WHERE finished_at IS NULL") >= MostOpen)
            return null;
        return await InTurn(async () =>
        {
            var seed = Specs.NewSeed();
            script.Write(arena.Data, seed);
            var spec = whole ? Specs.Diamond(seed) : Specs.OneJob(seed);
            var answer = await person.Ask(HttpMethod.Post, "/v1/experiments", JsonSerializer.Serialize(spec, SpecJson.Options));
            if (answer.IsUnknown)
            {
                Unanswered++;
                return "submitted an experiment, and nobody answered";
            }
            if (answer.Experiment is not { } id)
                throw new InvalidOperationException($"a good experiment was refused with {answer.Status}: {answer.Body}");
            ledger.Experiments.Add(id);
            var jobs = await arena.Value<string>($"SELECT string_agg(job.id || ' ' || job.kind, ',' ORDER BY job.seq) FROM experiment_job JOIN job ON job.id = experiment_job.job_id WHERE experiment_id = '{id}'");
            foreach (var job in (jobs ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(text => text.Split(' ')))
            {
                ledger.Promise(new PromisedJob(Guid.Parse(job[0]), seed, epochs, job[1] == "train"));
            }
            return $"submitted {id}: {(whole ? "four jobs" : "one job")} of {epochs} epochs";
        });
    }

    Fault Asked(string name, int weight, Func<Guid, string> path, Action<Guid, Answer>? promised = null, Func<System.Text.Json.Nodes.JsonNode, bool>? counts = null) =>
        new(name, weight, dice => About(dice, name, path, promised, counts));

    async Task<string?> About(Random dice, string name, Func<Guid, string> path, Action<Guid, Answer>? promised = null, Func<System.Text.Json.Nodes.JsonNode, bool>? counts = null)
    {
        var number = dice.Next(1 << 20);
        return await InTurn(async () =>
        {
            if (await arena.Steadily(async () => await arena.Database.Scalar<Guid[]>("SELECT array_agg(id ORDER BY seq) FROM job WHERE finished_at IS NULL")) is not { } open)
                return null;
            var job = open[number % open.Length];
            var answer = await person.Ask(HttpMethod.Post, path(job));
            if (answer.IsUnknown)
                ledger.Unsure.Add(job);
            if (answer.Effect is null && (!answer.IsYes || (counts is not null && (answer.Body is null || !counts(answer.Body)))))
                return null;
            promised?.Invoke(job, answer);
            return $"{name}: {job}";
        });
    }

    async Task<string?> InTurn(Func<Task<string?>> request)
    {
        // People who see that nobody answers do not queue up for ever.
        if (Interlocked.Increment(ref waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref waiting);
            return null;
        }
        await turn.WaitAsync();
        try
        {
            return await request();
        }
        finally
        {
            turn.Release();
            Interlocked.Decrement(ref waiting);
        }
    }
}
