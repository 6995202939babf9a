using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Worker.Tests.Serving;

/// <summary>A database that is not there, or not ours.</summary>
public sealed class DatabaseMissingTests
{
    [PostgresFact]
    public async Task What_is_wrong_with_the_database_is_said_in_one_line()
    {
        await using var empty = await (await PostgresCluster.Shared).CreateDatabase();
        var folder = Directory.CreateTempSubdirectory("kdr-stage-").FullName;
        await using var none = WorkerProcess.Start("w", "", "serve", "--scratch", folder);
        (await none.Ended()).ShouldBe(2);
        none.Printed.ShouldStartWith("KDR_DATABASE is not set");
        await using var wrong = WorkerProcess.Start("w", empty.ConnectionString + ";Database=nowhere", "serve", "--scratch", folder);
        (await wrong.Ended()).ShouldBe(7);
        wrong.Printed.ShouldContain("PostgreSQL refuses this worker: database \"nowhere\" does not exist");
        Directory.Delete(folder, recursive: true);
    }
}
