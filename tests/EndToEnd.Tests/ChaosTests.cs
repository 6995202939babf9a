using KdRobust.Chaos;
using KdRobust.Chaos.Checks;
using KdRobust.Chaos.Service;
using KdRobust.EndToEnd.Tests.Arrange;
using KdRobust.Support;
using Xunit.Abstractions;

namespace KdRobust.EndToEnd.Tests;

/// <summary>
/// A minute in which programs are killed and halted, the server crashes and its disk fills, networks part, clocks are wrong,
/// checkpoints rot and people change their minds, in an order drawn from a seed.
/// </summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    static readonly TimeSpan Duration = TimeSpan.FromSeconds(60);

    [PrivatePostgresFact]
    public async Task Whatever_happens_for_a_minute_no_promise_is_broken()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("KDR_CHAOS_SEED"), out var named) ? named : 20261;
        output.WriteLine($"KDR_CHAOS_SEED={seed} repeats the schedule");
        await using var arena = await Arena.Start(new ArenaSettings { Assembly = Programs.Assembly });
        using var run = new ChaosRun(arena);
        var report = await run.Run(seed, Duration, TimeSpan.FromSeconds(0.5));

        output.WriteLine(string.Join('\n', report.Schedule));
        output.WriteLine($"{report.Jobs} jobs ({string.Join(", ", report.States)}), {report.Claims} claims, {report.Reaped} taken from workers that were not heard of, {report.FailedInBetween.Count} failed in between ({string.Join("; ", report.FailedInBetween)}), {report.DamageNoticed} damaged checkpoints noticed");
        output.WriteLine($"struck: {string.Join(", ", report.Faults)}; not here: {string.Join(", ", report.NotHere)}");
        report.Violations.ShouldBeEmpty(report.Text);
        report.Ended.ShouldBe(report.States.Values.Sum());
        report.States["Succeeded"].ShouldBeGreaterThan(report.Jobs / 2, "chaos delays, it does not decide");
        report.Claims.ShouldBeGreaterThan(report.Jobs, "it did hurt");
        report.Broken(Promise.NothingIsLost).ShouldBe(0);
    }
}
