using System.Globalization;
using System.Text.Json;

namespace KdRobust.Service.Bench;

/// <summary>What is submitted: experiments and sweeps whose points are one training each, told apart by their seeds.</summary>
static class Specs
{
    static long seed;

    /// <summary>A seed that no submission of this process has had.</summary>
    public static long NextSeed() => Interlocked.Increment(ref seed);

    /// <summary>An experiment of one job.</summary>
    public static string Experiment(long seed) => string.Create(CultureInfo.InvariantCulture, $$$$"""
        {"name":"load","title":"One training under load","notes":[],"expected":null,"seed":{{{{seed}}}},
        "dataset":{"name":"synthetic","trainImages":500,"testImages":200},"compute":{"device":"cpu","threads":1,"precision":"float32"},
        "models":{"net":{"architecture":{"kind":"wide-resnet","depth":10,"width":1,"dropout":0,"normalize":{"mean":[0.491,0.482,0.447],"std":[0.247,0.243,0.262]}},"noise":{"kind":"none"},
        "weights":{"kind":"train","epochs":4,"batchSize":50,"microBatch":50,"augmentation":{"cropPadding":4,"flip":true},"inputNoise":null,"batchNorm":"training",
        "optimizer":{"kind":"adam","learningRate":0.01,"weightDecay":0.0001,"beta1":0.9,"beta2":0.999,"epsilon":1e-8},"schedule":{"kind":"constant"},"warmup":null,"clipNorm":null,"average":null,
        "adversarial":null,"distillation":null,"monitor":null,"selection":null}}},
        "views":{},"evaluations":{},"transfers":{},"tables":[],"figures":[],"comparisons":[]}
        """);

    /// <summary>A sweep of as many jobs.</summary>
    public static string Sweep(int points) => $$$$"""
        {"name":"load","title":"Trainings under load","base":{{{{Experiment(NextSeed())}}}},
        "space":{"kind":"grid","axes":{"seed":{"paths":["seed"],"values":[{{{{string.Join(',', Enumerable.Range(0, points).Select(_ => NextSeed().ToString(CultureInfo.InvariantCulture)))}}}}]}}},"halving":null}
        """;

    /// <summary>The one job of an experiment's answer.</summary>
    public static Guid JobOf(string answer)
    {
        using var document = JsonDocument.Parse(answer);
        return document.RootElement.GetProperty("jobs")[0].GetProperty("job").GetProperty("id").GetGuid();
    }
}
