using System.Collections;
using static TorchSharp.torch;

namespace KdRobust.Torch.Tests.Parity;

/// <summary>Our side of the fixtures: for each case's name the same computation through the binding.</summary>
sealed class CaseTable : IEnumerable<KeyValuePair<string, Func<Tensor[], Tensor[]>>>
{
    readonly Dictionary<string, Func<Tensor[], Tensor[]>> cases = new(StringComparer.Ordinal);

    internal static CaseTable All { get; } =
    [
        .. FactoryCases.Table, .. StreamCases.Table, .. ShapeCases.Table, .. ArithmeticCases.Table, .. ReductionCases.Table,
        .. FunctionalCases.Table, .. LayerCases.Table, .. OptimizerCases.Table, .. ScheduleCases.Table,
    ];

    internal IReadOnlyCollection<string> Names => cases.Keys;

    internal Tensor[] Run(string name, Tensor[] inputs) => cases[name](inputs);

    public void Add(KeyValuePair<string, Func<Tensor[], Tensor[]>> entry) => cases.Add(entry.Key, entry.Value);

    public void Add(string name, Func<Tensor> run) => cases.Add(name, _ => [run()]);

    public void Add(string name, Func<Tensor[]> run) => cases.Add(name, _ => run());

    public void Add(string name, Func<Tensor, Tensor> run) => cases.Add(name, x => [run(x[0])]);

    public void Add(string name, Func<Tensor, Tensor[]> run) => cases.Add(name, x => run(x[0]));

    public void Add(string name, Func<Tensor, Tensor, Tensor> run) => cases.Add(name, x => [run(x[0], x[1])]);

    public void Add(string name, Func<Tensor, Tensor, Tensor[]> run) => cases.Add(name, x => run(x[0], x[1]));

    public void Add(string name, Func<Tensor, Tensor, Tensor, Tensor> run) => cases.Add(name, x => [run(x[0], x[1], x[2])]);

    /// <summary>A case that takes its inputs, and returns its outputs, as lists.</summary>
    public void AddMany(string name, Func<Tensor[], Tensor[]> run) => cases.Add(name, run);

    public IEnumerator<KeyValuePair<string, Func<Tensor[], Tensor[]>>> GetEnumerator() => cases.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
