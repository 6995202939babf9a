using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>Hyperparameters of a group.</summary>
public class OptimizerOptions
{
    /// <summary>The learning rate; null takes the optimizer's.</summary>
    public double? LearningRate { get; set; }

    /// <summary>The rate that schedules start from.</summary>
    public double InitialLearningRate { get; set; }

    /// <summary>Whether a schedule has fixed <see cref="InitialLearningRate"/> already.</summary>
    internal bool Scheduled { get; set; }

    /// <summary>Writes the options in TorchSharp's format.</summary>
    public virtual void SaveStateDict(BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        foreach (var (_, value, isSwitch) in Numbers())
        {
            if (isSwitch)
                writer.Write(value != 0);
            else
                writer.Write(value);
        }
    }

    /// <summary>Reads what <see cref="SaveStateDict"/> wrote.</summary>
    public virtual void LoadStateDict(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        foreach (var (name, _, isSwitch) in Numbers().ToList())
            Set(name, isSwitch ? (reader.ReadBoolean() ? 1 : 0) : reader.ReadDouble());
    }

    /// <summary>Copies another group's options.</summary>
    /// <exception cref="ArgumentException">They are of another optimizer.</exception>
    public virtual void LoadStateDict(OptimizerOptions source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.GetType() != GetType())
            throw new ArgumentException($"Expected options of {GetType().FullName}, got {source.GetType().FullName}.", nameof(source));
        foreach (var (name, value, _) in source.Numbers().ToList())
            Set(name, value);
    }

    /// <summary>All options as numbers, in the order of the file; a switch is 0 or 1.</summary>
    internal virtual IEnumerable<(string Name, double Value, bool IsSwitch)> Numbers() =>
        [("initial_lr", InitialLearningRate, false), ("lr", LearningRate ?? 0, false)];

    /// <summary>Sets the option of that name.</summary>
    internal virtual void Set(string name, double value)
    {
        switch (name)
        {
            case "initial_lr":
                InitialLearningRate = value;
                Scheduled = true;
                break;
            case "lr":
                LearningRate = value;
                break;
            default:
                throw new ArgumentException($"{GetType().FullName} has no option '{name}'.", nameof(name));
        }
    }

    /// <summary>Fills what is open from the optimizer's defaults.</summary>
    internal virtual void Complete(OptimizerOptions defaults) => LearningRate ??= defaults.LearningRate;
}

/// <summary>What an optimizer remembers of one parameter.</summary>
public abstract class OptimizerState
{
    private protected OptimizerState()
    {
    }

    /// <summary>Writes the state in TorchSharp's format.</summary>
    public abstract void SaveStateDict(BinaryWriter writer);

    /// <summary>Reads what <see cref="SaveStateDict"/> wrote.</summary>
    public abstract void LoadStateDict(BinaryReader reader);

    /// <summary>Copies the state of another optimizer of the same kind.</summary>
    public virtual void LoadStateDict(OptimizerState source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.GetType() != GetType())
            throw new ArgumentException($"Expected state of {GetType().FullName}, got {source.GetType().FullName}.", nameof(source));
        using var scope = torch.NewDisposeScope();
        Assign(source.Tensors().ToDictionary(entry => entry.Name, entry => entry.Value));
    }

    /// <summary>Moves the state to a device.</summary>
    public abstract void to(torch.Device device);

    /// <summary>Frees the state's tensors.</summary>
    internal abstract void Free();

    /// <summary>The state under PyTorch's names, as handles of the caller's dispose scope.</summary>
    internal abstract IEnumerable<(string Name, torch.Tensor Value)> Tensors();

    /// <summary>The names a whole state has, or none when it may be empty.</summary>
    internal abstract IReadOnlyList<string> RequiredNames { get; }

    /// <summary>The names a state may have besides.</summary>
    internal abstract IReadOnlyList<string> OptionalNames { get; }

    /// <summary>Takes copies of the values given.</summary>
    internal abstract void Assign(IReadOnlyDictionary<string, torch.Tensor> values);

    /// <summary>A copy, of the module's life, on the device and in the type of the one it replaces.</summary>
    private protected static torch.Tensor Replacement(torch.Tensor value, torch.Tensor like)
    {
        using var guard = torch.no_grad();
        var copy = torch.zeros_like(like).DetachFromDisposeScope();
        copy.copy_(value);
        return copy;
    }

    private protected static void Move(torch.Tensor? tensor, torch.Device device)
    {
        if (tensor is null)
            return;
        using var moved = tensor.to(device, copy: true);
        TensorData.Replace(tensor, moved);
    }
}

/// <summary>Parameters that share their options.</summary>
public class ParamGroup : ILearningRateController
{
    /// <summary>The parameters.</summary>
    public IEnumerable<Parameter> Parameters { get; set; } = [];

    /// <summary>Their options; null until the group is added to an optimizer.</summary>
    public OptimizerOptions? Options { get; set; }

    /// <inheritdoc/>
    public double LearningRate
    {
        get => Chosen.LearningRate ?? throw new InvalidOperationException("The group has no learning rate until it is added to an optimizer.");
        set => Chosen.LearningRate = value;
    }

    /// <inheritdoc/>
    public double InitialLearningRate
    {
        get => Chosen.InitialLearningRate;
        set => Chosen.InitialLearningRate = value;
    }

    internal OptimizerOptions Chosen => Options ?? throw new InvalidOperationException("The group has no options until it is added to an optimizer.");
}

/// <summary>Parameters that share options of one optimizer.</summary>
/// <typeparam name="TOptions">The optimizer's options.</typeparam>
public class ParamGroup<TOptions> : ParamGroup
    where TOptions : OptimizerOptions
{
    /// <summary>An empty group with open options.</summary>
    public ParamGroup()
    {
    }

    /// <summary>A group of these parameters.</summary>
    public ParamGroup(IEnumerable<Parameter> parameters, TOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Parameters = parameters;
        base.Options = options;
    }

    /// <summary>The options.</summary>
    public new TOptions Options
    {
        get => (TOptions)Chosen;
        set => base.Options = value;
    }
}
