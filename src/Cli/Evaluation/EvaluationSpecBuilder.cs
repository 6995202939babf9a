using KdRobust.Domain.Experiments;

namespace KdRobust.Cli.Evaluation;

/// <summary>What <c>kdr eval</c> is asked, apart from the file.</summary>
/// <param name="Architecture">The network, normalisation inside.</param>
/// <param name="Dataset">Its test images are used.</param>
/// <param name="Images">The first n of them.</param>
/// <param name="Attack">Null evaluates clean images alone.</param>
/// <param name="Compute">Device and threads.</param>
sealed record EvaluationRequest(ArchitectureSpec Architecture, DatasetName Dataset, int Images, PgdSpec? Attack, ComputeSpec Compute);

/// <summary>The experiment that <c>kdr eval</c> is: one imported network, one view of it, its accuracy, and an attack on itself.</summary>
static class EvaluationSpecBuilder
{
    public const string Clean = "clean";
    public const string Attacked = "pgd";
    const string Model = "imported";

    /// <summary>Result id of the attack: judged on the network it was crafted on.</summary>
    public const string AttackedResult = $"{Attacked}/{Model}";

    /// <summary>The spec; whatever is wrong with it the rules of specs say.</summary>
    public static ExperimentSpec Build(EvaluationRequest request, ImportSpec file) => new()
    {
        Name = "eval",
        Title = "Accuracy of imported weights",
        Notes = [],
        Expected = null,
        // A network without noise and an attack without a random start draw nothing from it.
        Seed = 0,
        Dataset = new() { Name = request.Dataset, TrainImages = 1, TestImages = request.Images },
        Compute = request.Compute,
        Models = new Dictionary<string, ModelSpec> { [Model] = new() { Architecture = request.Architecture, Noise = new NoNoiseSpec(), Weights = file } },
        Views = new Dictionary<string, ViewSpec>
        {
            [Model] = new()
            {
                Model = Model, Checkpoint = ModelCheckpoint.Last, WeightNoise = true, InputNoise = null, Aggregation = Aggregation.Votes, Draws = 1,
                Sharing = DrawSharing.Shared, EarlyStop = false,
            },
        },
        Evaluations = new Dictionary<string, EvaluationSpec> { [Clean] = new() { View = Model, Images = request.Images } },
        Transfers = request.Attack is null
            ? new Dictionary<string, TransferSpec>()
            : new Dictionary<string, TransferSpec> { [Attacked] = new() { Attacker = Model, Attack = request.Attack, Targets = [Model], CurveDraws = 0, Images = request.Images } },
        Tables = [],
        Figures = [],
        Comparisons = [],
    };
}
