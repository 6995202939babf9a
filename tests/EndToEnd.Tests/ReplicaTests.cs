using System.Net.Http.Json;
using System.Text.Json.Nodes;
using KdRobust.EndToEnd.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.EndToEnd.Tests;

/// <summary>Several API replicas and workers, each a process of its own, over one database.</summary>
public sealed class ReplicaTests
{
    [PostgresFact]
    public async Task Two_replicas_and_three_workers_start_at_once_on_an_empty_database()
    {
        await using var service = await Replicas.Start(apis: 2, workers: 3);
        await service.Until("both replicas answer and three workers are seen", seconds: 180, condition: async () =>
            service.Addresses.Count == 2 && await service.Database.Scalar<long>("SELECT count(*) FROM worker") == 3);
        foreach (var address in service.Addresses)
        {
            using var client = service.Client(address);
            (await client.GetAsync("/readyz")).EnsureSuccessStatusCode();
            (await client.GetFromJsonAsync<JsonArray>("/v1/workers"))!.Count(worker => worker!["alive"]!.GetValue<bool>()).ShouldBe(3);
        }
        service.Processes.ShouldAllBe(process => !process.HasEnded);
        (await service.Database.Scalar<long>("""SELECT count(*) - count(DISTINCT "MigrationId") FROM "__EFMigrationsHistory" """)).ShouldBe(0);
    }

    [PostgresFact]
    public async Task Each_due_time_of_a_schedule_is_submitted_once_and_it_goes_on_when_the_replica_that_fired_is_killed()
    {
        await using var service = await Replicas.Start(apis: 2, workers: 0);
        await service.Until("both replicas answer", () => Task.FromResult(service.Addresses.Count == 2));
        using var client = service.Client(service.Addresses[0]);
        var spec = JsonNode.Parse(await File.ReadAllTextAsync(Programs.Spec));
        var added = await client.PostAsJsonAsync("/v1/schedules", new JsonObject { ["name"] = "each-second", ["cron"] = "* * * * * ?", ["spec"] = spec });
        added.IsSuccessStatusCode.ShouldBeTrue(await added.Content.ReadAsStringAsync());
        await service.Until("five firings", async () => await Firings(service) >= 5);

        var host = (await service.Database.Scalar<string>("SELECT host FROM schedule_firing ORDER BY due_at DESC LIMIT 1"))!;
        var killed = service.Processes.Single(process => host.StartsWith($"{Environment.MachineName}-{process.Id}-", StringComparison.Ordinal));
        await killed.Kill();
        var before = await Firings(service);
        await service.Until("five more by the other", async () => await Firings(service) >= before + 5, seconds: 90);

        (await service.Database.Scalar<long>($"SELECT count(*) FROM schedule_firing WHERE host <> '{host}'")).ShouldBeGreaterThanOrEqualTo(5);
        (await service.Database.Scalar<bool>("SELECT count(*) = count(DISTINCT run_number) AND count(*) = (SELECT count(*) FROM schedule_firing WHERE experiment_id IS NOT NULL) FROM experiment")).ShouldBeTrue("no due time has two experiments");
        (await service.Database.Scalar<bool>("SELECT count(*) FILTER (WHERE problem IS NOT NULL) = 0 FROM schedule_firing")).ShouldBeTrue();
        (await service.Database.Scalar<bool>("SELECT bool_and(due_at = date_trunc('second', due_at)) FROM schedule_firing")).ShouldBeTrue();
    }

    [PostgresFact]
    public async Task Replica_whose_connection_breaks_while_it_starts_goes_on_starting()
    {
        await using var database = await (await PostgresCluster.Shared).CreateDatabase("migrated", async connection =>
        {
            await using var source = Npgsql.NpgsqlDataSource.Create(connection);
            await Persistence.Schema.Database.Migrate(source);
        });
        var folder = Directory.CreateTempSubdirectory("kdr-starting-").FullName;
        // Its start ends with a key for the first person: there it is held.
        await using var holder = await database.DataSource.OpenConnectionAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await using (var hold = new Npgsql.NpgsqlCommand("LOCK TABLE api_key IN ACCESS EXCLUSIVE MODE", holder, transaction))
            await hold.ExecuteNonQueryAsync();
        await using var api = await ServiceProcess.Start(
            Programs.Assembly("Api"), ["--listen", "127.0.0.1:0", "--key-file", Path.Combine(folder, "key"), "--address-file", Path.Combine(folder, "address")],
            new Dictionary<string, string?> { ["KDR_DATABASE"] = database.ConnectionString, ["KDR_DATA"] = null });
        await Chaos.Service.Arena.Holds("its connection is broken", async () => await database.Scalar<long>("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kdrobust-api' AND wait_event_type = 'Lock'") > 0, 120, () => api.Printed);
        await transaction.RollbackAsync();
        await Chaos.Service.Arena.Holds("it listens", () => Task.FromResult(File.Exists(Path.Combine(folder, "address"))), 60, () => api.Printed);
        api.HasEnded.ShouldBeFalse(api.Printed);
        Directory.Delete(folder, recursive: true);
    }

    [PostgresFact]
    public async Task Programs_older_than_the_database_stop_with_a_sentence_and_change_nothing()
    {
        await using var newer = await (await PostgresCluster.Shared).CreateDatabase();
        await newer.Execute("""CREATE TABLE "__EFMigrationsHistory" ("MigrationId" text PRIMARY KEY, "ProductVersion" text NOT NULL); INSERT INTO "__EFMigrationsHistory" VALUES ('20991231000000_Future', '10.0.0')""");
        var folder = Directory.CreateTempSubdirectory("kdr-older-").FullName;
        var environment = new Dictionary<string, string?> { ["KDR_DATABASE"] = newer.ConnectionString };
        await using var api = await ServiceProcess.Start(Programs.Assembly("Api"), ["--listen", "127.0.0.1:0"], environment);
        await using var worker = await ServiceProcess.Start(Programs.Assembly("Worker"), ["serve", "--scratch", folder], environment);
        (await api.Ended(TimeSpan.FromSeconds(90))).ShouldBe(1, api.Printed);
        (await worker.Ended(TimeSpan.FromSeconds(90))).ShouldBe(7, worker.Printed);
        foreach (var said in new[] { api.Printed, worker.Printed })
            said.ShouldContain("migrated by a newer version than this program (20991231000000_Future");
        (await newer.Scalar<long>("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).ShouldBe(1);
        Directory.Delete(folder, recursive: true);
    }

    static Task<long> Firings(Replicas service) => service.Database.Scalar<long>("SELECT count(*) FROM schedule_firing");
}
