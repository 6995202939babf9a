using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Persistence.Workers;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Workers;

public sealed class WorkerStoreTests
{
    [PostgresFact]
    public async Task Worker_is_alive_while_it_is_heard_of_and_shows_its_jobs()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var workers = new WorkerStore(database.DataSource);
        await workers.Register(new WorkerInfo("w1", "host", 12, "cpu", 2, "0.1", null));
        await desk.SubmitOneJob();
        await desk.Claim("w1");
        (await workers.Seen("w1", new WorkerReading("1.13.1", 1, 250, [new("cpu", null, null, null, null)]))).ShouldBeFalse();

        var worker = (await workers.List()).ShouldHaveSingleItem();
        worker.Alive.ShouldBeTrue();
        worker.Info.Libtorch.ShouldBe("1.13.1");
        worker.Jobs.ShouldBe(["train cni"]);
        (worker.FreeCores, worker.ImagesPerSecond, worker.Devices[0].Device).ShouldBe((1, 250, "cpu"));

        await database.Execute("UPDATE worker SET last_seen = clock_timestamp() - interval '31 s'");
        (await workers.List())[0].Alive.ShouldBeFalse();
        await workers.Register(new WorkerInfo("w1", "host", 13, "cpu", 2, "0.1", null));
        (await workers.List())[0].Alive.ShouldBeTrue();
        await workers.Stopped("w1", 12);
        (await workers.List())[0].Alive.ShouldBeTrue("the one that stopped was its predecessor");
        await workers.Stopped("w1", 13);
        (await workers.List())[0].Alive.ShouldBeFalse();
    }
}
