using System.Text.Json;
using KdRobust.ActionWorker;
using KdRobust.Chaos;
using KdRobust.Chaos.Checks;
using KdRobust.Chaos.Service;
using KdRobust.Domain.Experiments;
using KdRobust.EndToEnd.Tests.Arrange;
using KdRobust.Persistence.Tests.Arrange;

namespace KdRobust.EndToEnd.Tests.Faults;

/// <summary>A service whose runs follow scripts, somebody who asks, and what was promised to them.</summary>
sealed class ScriptedService : IAsyncDisposable
{
    readonly Ledger ledger = new();

    ScriptedService(Arena arena)
    {
        Arena = arena;
        Person = new Person(arena.Replicas, TimeSpan.FromSeconds(60));
    }

    internal Arena Arena { get; }
    internal Person Person { get; }

    internal static async Task<ScriptedService> Start(int workers, int databaseMiB = 600) =>
        new(await Arena.Start(new ArenaSettings { Assembly = Programs.Assembly, Workers = workers, DatabaseMiB = databaseMiB }));

    /// <summary>A worker of a place, of one core and with a right clock.</summary>
    internal async Task<WorkerPlace> Worker(int number)
    {
        var place = Arena.Places[number - 1];
        await place.Ensure(1, new Dictionary<string, string?>());
        return place;
    }

    internal async Task<(Guid Job, long Seed)> Submit(ActionScript script)
    {
        var seed = Specs.NewSeed();
        script.Write(Arena.Data, seed);
        var answer = await Person.Ask(HttpMethod.Post, "/v1/experiments", JsonSerializer.Serialize(Specs.OneJob(seed), SpecJson.Options));
        answer.Experiment.ShouldNotBeNull($"{answer}");
        var job = await Arena.Value<Guid>($"SELECT job_id FROM experiment_job WHERE experiment_id = '{answer.Experiment}'");
        ledger.Promise(new PromisedJob(job, seed, script.Epochs, Trains: true));
        return (job, seed);
    }

    internal async Task Ask(string verb, Guid job)
    {
        var answer = await Person.Ask(HttpMethod.Post, $"/v1/jobs/{job}/{verb}");
        (answer.IsYes || answer.Effect is not null).ShouldBeTrue($"{verb} {job}: {answer}");
    }

    internal void LetGo(long seed) => File.WriteAllText(ActionScript.GoFile(Arena.Data, seed), "");

    internal Task UntilCheckpoint(Guid job, int epoch) =>
        Until($"job {job} has a resume point of epoch {epoch}", $"SELECT EXISTS (SELECT 1 FROM checkpoint WHERE job_id = '{job}' AND role = 'Resume' AND epoch >= {epoch})");

    internal Task UntilState(Guid job, string state, double seconds = 60) => Until($"job {job} is {state}", $"SELECT state = '{state}' FROM job WHERE id = '{job}'", seconds);

    internal Task Until(string what, string sql, double seconds = 60) => Arena.Until(what, () => Arena.Database.Scalar<bool>(sql), seconds);

    internal Task<int> AttemptOf(Guid job) => Arena.Value<int>($"SELECT attempt FROM job WHERE id = '{job}'");

    /// <summary>Switches everything off, and finds every promise kept.</summary>
    internal async Task ShouldHaveKeptEveryPromise()
    {
        await Arena.SwitchOff();
        var printed = Arena.Printed;
        (await HistoryCheck.Read(Arena.Database, ledger)).ShouldBeEmpty(printed);
    }

    public async ValueTask DisposeAsync()
    {
        Person.Dispose();
        await Arena.DisposeAsync();
    }
}
