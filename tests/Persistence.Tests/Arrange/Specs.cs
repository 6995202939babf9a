using KdRobust.Domain.Experiments;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Arrange;

/// <summary>Experiments cut from experiments/demo.json. The seed tells experiments apart: other seeds, other jobs.</summary>
public static class Specs
{
    static readonly ExperimentSpec Demo =
        SpecReader.Read(File.ReadAllText(Repository.At("experiments", "demo.json"))).Spec ?? throw new InvalidDataException("experiments/demo.json is not a spec");

    static long lastSeed;

    /// <summary>A seed no other experiment of this process has.</summary>
    public static long NewSeed() => Interlocked.Increment(ref lastSeed);

    /// <summary>The whole demo.</summary>
    public static ExperimentSpec Whole(long seed) => Demo with { Seed = seed };

    /// <summary>One job: a training.</summary>
    public static ExperimentSpec OneJob(long seed, string name = "one", int threads = 1, string model = "cni") => Demo with
    {
        Name = name,
        Seed = seed,
        Compute = Demo.Compute with { Threads = threads },
        Models = Demo.Models.Where(entry => entry.Key == model).ToDictionary(),
        Views = new Dictionary<string, ViewSpec>(),
        Evaluations = new Dictionary<string, EvaluationSpec>(),
        Transfers = new Dictionary<string, TransferSpec>(),
        Tables = [],
        Figures = [],
    };

    /// <summary>Two jobs: a training and an evaluation that waits for it.</summary>
    public static ExperimentSpec Pair(long seed, string name = "pair")
    {
        var one = OneJob(seed, name);
        return one with
        {
            Views = Demo.Views.Where(entry => entry.Key == "cni").ToDictionary(),
            Evaluations = new Dictionary<string, EvaluationSpec> { ["clean"] = new() { View = "cni", Images = 100 } },
        };
    }

    /// <summary>One job: an import of an uploaded file.</summary>
    public static ExperimentSpec Import(long seed, string sha256, string name = "imported")
    {
        var one = OneJob(seed, name);
        return one with { Models = one.Models.ToDictionary(entry => entry.Key, entry => entry.Value with { Weights = new ImportSpec { Sha256 = sha256, Rename = [], Skip = [] } }) };
    }

    /// <summary>
    /// Four jobs, a diamond: train/cni, labels/teacher-labels-votes after it, train/kd-votes after that, and attack/kd-votes-8, which
    /// waits for both trainings.
    /// </summary>
    public static ExperimentSpec Diamond(long seed, string name = "diamond") => Demo with
    {
        Name = name,
        Seed = seed,
        Models = Demo.Models.Where(entry => entry.Key is "cni" or "kd-votes").ToDictionary(),
        Views = Demo.Views.Where(entry => entry.Key is "cni" or "kd-votes" or "teacher-labels-votes").ToDictionary(),
        Evaluations = new Dictionary<string, EvaluationSpec>(),
        Transfers = new Dictionary<string, TransferSpec>
        {
            ["kd-votes-8"] = Demo.Transfers["kd-votes-8"] with { Attacker = "kd-votes", Targets = ["cni"] },
        },
        Tables = [],
        Figures = [],
    };
}
