using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Models;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Experiments;

/// <summary>Submissions of one owner that come together are stored together.</summary>
public sealed class SubmissionLineTests
{
    const int Specs = 40;

    // Each in an act of its own, as requests are.
    static Task<Submitted> Submit(Desk desk, ExperimentSpec spec, string action) => Task.Run(() =>
    {
        new Act(null, Desk.Owner, action).Begin();
        return desk.Submit(spec);
    });

    [PostgresFact]
    public async Task Each_is_stored_once_by_one_of_those_who_sent_it_and_stands_in_the_audit_under_that_one()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var sent = Enumerable.Range(0, Specs).Select(n => Arrange.Specs.OneJob(Arrange.Specs.NewSeed(), $"spec-{n}")).SelectMany((spec, n) => new[] { (n, spec, Action: $"first {n}"), (n, spec, Action: $"second {n}") }).ToList();

        var answers = await Task.WhenAll(sent.Select(one => Submit(desk, one.spec, one.Action)));

        var lines = (await new AuditStore(database.DataSource).List(new AuditFilter(), null, 1000)).ToDictionary(line => line.Object, line => line.Action);
        lines.Count.ShouldBe(Specs);
        foreach (var group in sent.Zip(answers).GroupBy(pair => pair.First.n))
        {
            var id = group.Select(pair => pair.Second.Id).Distinct().ShouldHaveSingleItem();
            var created = group.Where(pair => pair.Second.Created).ShouldHaveSingleItem();
            lines[$"experiment:{id}"].ShouldBe(created.First.Action);
            (await desk.Experiments.Spec(id))!.Name.ShouldBe(created.First.spec.Name);
        }
        (await database.Scalar<long>("SELECT count(*) FROM experiment")).ShouldBe(Specs);
        (await database.Scalar<long>("SELECT count(*) FROM job WHERE state = 'Queued'")).ShouldBe(Specs);
    }

    [PostgresFact]
    public async Task A_job_that_several_of_them_need_is_made_once()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var seed = Arrange.Specs.NewSeed();

        var answers = await Task.WhenAll(Enumerable.Range(0, Specs).Select(n => Submit(desk, Arrange.Specs.Pair(seed, $"pair-{n}"), "submit")));

        answers.ShouldAllBe(answer => answer.Created);
        (await database.Scalar<long>("SELECT count(*) FROM job")).ShouldBe(2);
        (await database.Scalar<long>("SELECT count(*) FROM experiment_job")).ShouldBe(2 * Specs);
    }

    [PostgresFact]
    public async Task What_one_of_them_cannot_have_costs_the_others_nothing()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var good = Enumerable.Range(0, Specs).Select(n => Submit(desk, Arrange.Specs.OneJob(Arrange.Specs.NewSeed(), $"good-{n}"), "submit")).ToList();
        var unknownFile = Submit(desk, Arrange.Specs.Import(Arrange.Specs.NewSeed(), new string('a', 64)), "submit");
        // What the reader of specs refuses and a database cannot store.
        var unstorable = Submit(desk, Arrange.Specs.OneJob(Arrange.Specs.NewSeed(), "bad\0name"), "submit");

        (await Task.WhenAll(good)).ShouldAllBe(answer => answer.Created);
        await Should.ThrowAsync<ModelFilesMissingException>(unknownFile);
        await Should.ThrowAsync<Npgsql.PostgresException>(unstorable);
        (await database.Scalar<long>("SELECT count(*) FROM experiment")).ShouldBe(Specs);
        (await database.Scalar<long>("SELECT count(*) FROM audit")).ShouldBe(Specs);
    }

    [PostgresFact]
    public async Task Who_gives_up_while_he_waits_has_nothing_stored_and_keeps_nobody()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        // Somebody else holds the owner's lock: what came first waits for it, and the rest in the line.
        await using var other = await database.DataSource.OpenConnectionAsync();
        await using var held = await other.BeginTransactionAsync();
        await Persistence.Schema.Sql.LockOwner(other, Desk.Owner, default);
        using var patience = new CancellationTokenSource();
        var first = desk.Experiments.Submit(Desk.Owner, Arrange.Specs.OneJob(Arrange.Specs.NewSeed(), "first"), false);
        await Eventually.Holds("the first waits for the lock", async () => await database.Scalar<long>("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") > 0);
        var impatient = desk.Experiments.Submit(Desk.Owner, Arrange.Specs.OneJob(Arrange.Specs.NewSeed(), "impatient"), false, patience.Token);
        var patient = desk.Experiments.Submit(Desk.Owner, Arrange.Specs.OneJob(Arrange.Specs.NewSeed(), "patient"), false);
        await patience.CancelAsync();
        await held.RollbackAsync();

        (await first).Created.ShouldBeTrue();
        (await patient).Created.ShouldBeTrue();
        await Should.ThrowAsync<OperationCanceledException>(impatient);
        (await database.Scalar<string>("SELECT string_agg(name, ' ' ORDER BY name) FROM experiment")).ShouldBe("first patient");
    }
}
