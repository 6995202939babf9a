using KdRobust.ActionWorker;
using KdRobust.EndToEnd.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.EndToEnd.Tests.Faults;

/// <summary>Workers, a replica of the API and the database on machines of their own, whose cables are pulled.</summary>
public sealed class HostTests
{
    [HostFact]
    public async Task Host_that_is_cut_off_loses_its_job_to_another_and_what_it_says_afterwards_changes_nothing()
    {
        await using var service = await ScriptedService.Start(workers: 4);
        var (first, second) = (await service.Worker(2), service.Arena.Places[3]);
        var (job, seed) = await service.Submit(new ActionScript(Epochs: 12, Actions: [new(6, RunAction.Wait)]));
        await service.UntilCheckpoint(job, 5);
        await first.Cables!.Part(first.Host!);
        service.LetGo(seed); // Its run goes on, and nobody hears of it.
        await service.Worker(4);
        await service.UntilState(job, "Succeeded");
        (await service.Arena.Value<string>($"SELECT worker FROM job WHERE id = '{job}'")).ShouldBe(second.Name);
        (await service.AttemptOf(job)).ShouldBe(2);
        await first.Cables.Heal(first.Host!);
        await service.Until("the first one is seen again", $"SELECT last_seen > clock_timestamp() - interval '2 s' FROM worker WHERE name = '{first.Name}'");

        // The other way round: questions arrive, and their answers do not.
        var (next, nextSeed) = await service.Submit(new ActionScript(Epochs: 12, Actions: [new(6, RunAction.Wait)]));
        await service.UntilCheckpoint(next, 5);
        var holder = await service.Arena.Value<string>($"SELECT worker FROM job WHERE id = '{next}'") == first.Name ? first : second;
        await holder.Cables!.LoseAnswers(holder.Host!);
        await service.Until("the job was taken away", $"SELECT EXISTS (SELECT 1 FROM job_event WHERE job_id = '{next}' AND reason LIKE 'worker {holder.Name} was not heard of%')");
        service.LetGo(nextSeed);
        await holder.Cables.Heal(holder.Host!);
        await service.UntilState(next, "Succeeded");

        // A narrow line is no fault: it takes longer.
        await first.Cables.Narrow(first.Host!);
        await second.Cables!.Narrow(second.Host!);
        var (last, _) = await service.Submit(new ActionScript(CheckpointBytes: 20_000));
        await service.UntilState(last, "Succeeded", 120);
        await service.ShouldHaveKeptEveryPromise();
    }

    [HostFact]
    public async Task Replica_that_is_cut_off_says_that_it_is_not_ready_and_answers_again_when_the_cable_is_back()
    {
        await using var service = await ScriptedService.Start(workers: 2);
        var place = service.Arena.Places[1];
        await using var api = await ServiceProcess.Start(
            Programs.Assembly("Api"), ["--listen", "127.0.0.1:5080", "--lease", "3"], new Dictionary<string, string?> { ["KDR_DATABASE"] = place.Database, ["KDR_DATA"] = null }, place.Host);
        async Task<bool> Says(string status)
        {
            var (program, arguments) = place.Host!.Command("curl", "-s", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:5080/readyz");
            return (await ChildProcess.Run(program, arguments)).Output == status;
        }
        await service.Arena.Until("it is ready", () => Says("200"), 120);
        await place.Cables!.Part(place.Host!);
        await service.Arena.Until("it is not", () => Says("503"), 60);
        await place.Cables.Heal(place.Host!);
        await service.Arena.Until("it is ready again", () => Says("200"), 90);
    }

    [HostFact(NeedsLossyNetwork = true)]
    public async Task Late_and_lost_packets_cost_time_and_nothing_else()
    {
        await using var service = await ScriptedService.Start(workers: 2);
        var place = service.Arena.Places[1];
        await place.Cables!.DelayAndLose(place.Host!, milliseconds: 40, percent: 5);
        await service.Worker(2);
        var (job, _) = await service.Submit(new ActionScript(CheckpointBytes: 20_000));
        await service.UntilState(job, "Succeeded", 120);
        await service.ShouldHaveKeptEveryPromise();
    }
}
