using System.Globalization;
using System.Text;
using TorchSharp;
using TorchSharp.Modules;

namespace KdRobust.Torch;

/// <summary>
/// The whole state of an optimizer as tensors by name: <c>param_groups.0.lr</c> and the other options (float64 scalars), and
/// <c>state.3.exp_avg</c>, <c>state.3.exp_avg_sq</c>, <c>state.3.step</c> or <c>state.3.momentum_buffer</c>, where 3 counts the
/// parameters of all groups, as in PyTorch's state dict.
/// </summary>
public static class OptimizerCheckpoint
{
    /// <summary>The state. The tensors are handles of the caller's dispose scope on the live values: write them before the next step.</summary>
    public static Dictionary<string, torch.Tensor> CaptureState(this OptimizerHelper optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        var state = optimizer.state_dict();
        var tensors = new Dictionary<string, torch.Tensor>();
        for (var g = 0; g < state.Options.Count; g++)
        {
            foreach (var (name, value, _) in state.Options[g].Numbers())
                tensors.Add(GroupKey(g, name), torch.full([], value, torch.ScalarType.Float64, torch.CPU));
        }
        for (var i = 0; i < state.State.Count; i++)
        {
            foreach (var (name, tensor) in state.State[i].Tensors())
                tensors.Add(StateKey(i, name), tensor);
        }
        return tensors;
    }

    /// <summary>Copies a captured state into an optimizer with the same groups and shapes.</summary>
    /// <exception cref="InvalidOperationException">Entries are missing, unexpected or of another shape; all are listed, and nothing has changed.</exception>
    public static void RestoreState(this OptimizerHelper optimizer, IReadOnlyDictionary<string, torch.Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(tensors);
        var state = optimizer.state_dict();
        var parameters = optimizer.parameters().ToList();
        CheckKeys(state, parameters, tensors);

        for (var g = 0; g < state.Options.Count; g++)
        {
            foreach (var (name, _, _) in state.Options[g].Numbers().ToList())
            {
                using var number = tensors[GroupKey(g, name)].to(torch.ScalarType.Float64);
                state.Options[g].Set(name, number.item<double>());
            }
        }
        for (var i = 0; i < state.State.Count; i++)
        {
            var values = new Dictionary<string, torch.Tensor>();
            foreach (var name in (IEnumerable<string>)[.. state.State[i].RequiredNames, .. state.State[i].OptionalNames])
            {
                if (tensors.TryGetValue(StateKey(i, name), out var value))
                    values.Add(name, value);
            }
            state.State[i].Assign(values);
        }
    }

    private static void CheckKeys(torch.optim.Optimizer.StateDictionary state, List<Parameter> parameters, IReadOnlyDictionary<string, torch.Tensor> tensors)
    {
        var known = new HashSet<string>();
        var problems = new StringBuilder();
        for (var g = 0; g < state.Options.Count; g++)
        {
            foreach (var (name, _, _) in state.Options[g].Numbers())
                Expect(GroupKey(g, name), [], required: true);
        }
        for (var i = 0; i < state.State.Count; i++)
        {
            foreach (var name in state.State[i].RequiredNames)
                Expect(StateKey(i, name), name == "step" ? [] : parameters[i].shape, required: true);
            foreach (var name in state.State[i].OptionalNames)
                Expect(StateKey(i, name), parameters[i].shape, required: false);
        }
        foreach (var (key, tensor) in tensors)
        {
            if (!known.Contains(key))
                problems.Append(CultureInfo.InvariantCulture, $"\n  unexpected '{key}': {Shape(tensor.shape)}");
        }
        if (problems.Length > 0)
            throw new InvalidOperationException($"The stored state does not fit the optimizer ({state.Options.Count} groups, {state.State.Count} parameters). Nothing was restored.{problems}");

        void Expect(string key, long[] shape, bool required)
        {
            known.Add(key);
            if (!tensors.TryGetValue(key, out var tensor))
            {
                if (required)
                    problems.Append(CultureInfo.InvariantCulture, $"\n  missing '{key}': expected {Shape(shape)}");
            }
            else if (!tensor.shape.SequenceEqual(shape))
            {
                problems.Append(CultureInfo.InvariantCulture, $"\n  shape of '{key}': expected {Shape(shape)}, got {Shape(tensor.shape)}");
            }
        }
    }

    private static string GroupKey(int group, string name) => string.Create(CultureInfo.InvariantCulture, $"param_groups.{group}.{name}");

    private static string StateKey(int parameter, string name) => string.Create(CultureInfo.InvariantCulture, $"state.{parameter}.{name}");

    private static string Shape(long[] shape) => $"[{string.Join(", ", shape)}]";
}
