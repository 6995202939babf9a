using System.Text;

namespace TorchSharp.Modules;

/// <summary>What all optimizers share: groups, state by parameter, and TorchSharp's state file.</summary>
public abstract class OptimizerHelper : torch.optim.Optimizer
{
    private readonly List<Members> _members = [];

    /// <summary>The parameters of a group as they were when it was added, and their state.</summary>
    private protected sealed record Members(ParamGroup Group, Parameter[] Parameters, OptimizerState[] States);

    private protected OptimizerHelper(OptimizerOptions defaults) => Defaults = defaults;

    private protected OptimizerOptions Defaults { get; }

    /// <inheritdoc/>
    public override IEnumerable<Parameter> parameters() => _members.SelectMany(members => members.Parameters);

    private protected override void Update()
    {
        foreach (var members in _members)
            Step(members);
    }

    private protected void AddGroups(IEnumerable<ParamGroup> groups)
    {
        foreach (var group in groups)
            AddGroup(group);
        if (!parameters().Any())
            throw new ArgumentException($"{GetType().Name}: there is no parameter to optimize.", nameof(groups));
    }

    private protected override void AddGroup(ParamGroup param_group)
    {
        CheckGroup(param_group);
        param_group.Options ??= NewOptions();
        param_group.Options.Complete(Defaults);
        param_group.Options.InitialLearningRate = param_group.LearningRate;

        var added = param_group.Parameters.ToArray();
        var known = new HashSet<Parameter>(parameters(), ReferenceEqualityComparer.Instance);
        foreach (var parameter in added)
        {
            if (!known.Add(parameter))
                throw new ArgumentException($"A parameter of shape [{string.Join(", ", parameter.shape)}] appears twice in the optimizer's groups.", nameof(param_group));
        }
        _parameter_groups.Add(param_group);
        _members.Add(new Members(param_group, added, [.. added.Select(parameter => NewState(parameter, param_group.Options))]));
    }

    /// <summary>The live options and states: not copies.</summary>
    public virtual StateDictionary state_dict() => new(
        [.. _members.Select(members => members.Group.Chosen)],
        [.. _members.SelectMany(members => members.States)]);

    /// <summary>Copies options and states of another optimizer of the same kind and the same shapes.</summary>
    public virtual void load_state_dict(StateDictionary state_dict)
    {
        ArgumentNullException.ThrowIfNull(state_dict);
        var own = this.state_dict();
        CheckCounts(state_dict.Options.Count, state_dict.State.Count, "the state dict");
        for (var i = 0; i < own.Options.Count; i++)
            own.Options[i].LoadStateDict(state_dict.Options[i]);
        for (var i = 0; i < own.State.Count; i++)
            own.State[i].LoadStateDict(state_dict.State[i]);
    }

    /// <summary>Writes options and states to a file in TorchSharp's format.</summary>
    public void save_state_dict(string location)
    {
        using var stream = File.Create(location);
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        save_state_dict(writer);
    }

    /// <summary>Writes options and states in TorchSharp's format.</summary>
    public void save_state_dict(BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var own = state_dict();
        writer.Write(GetType().Name);
        writer.Write7BitEncodedInt64(own.Options.Count);
        writer.Write7BitEncodedInt64(own.State.Count);
        own.Options.ForEach(options => options.SaveStateDict(writer));
        own.State.ForEach(state => state.SaveStateDict(writer));
    }

    /// <summary>Reads options and states from a file in TorchSharp's format.</summary>
    /// <exception cref="InvalidDataException">The file is of another optimizer, has other groups, or is cut short.</exception>
    public void load_state_dict(string location)
    {
        using var stream = File.OpenRead(location);
        using var reader = new BinaryReader(stream, Encoding.UTF8);
        try
        {
            load_state_dict(reader);
        }
        catch (EndOfStreamException error)
        {
            throw new InvalidDataException($"{location} is not a whole optimizer state: the data ends too early.", error);
        }
    }

    /// <summary>Reads options and states in TorchSharp's format.</summary>
    public void load_state_dict(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var kind = reader.ReadString();
        if (kind != GetType().Name)
            throw new InvalidDataException($"The optimizer state is of {kind}, expected {GetType().Name}.");
        var own = state_dict();
        CheckCounts(reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64(), "the stored state");
        own.Options.ForEach(options => options.LoadStateDict(reader));
        own.State.ForEach(state => state.LoadStateDict(reader));
    }

    /// <summary>Moves the state to a device, as after moving the module.</summary>
    public void to(torch.Device device)
    {
        foreach (var state in _members.SelectMany(members => members.States))
            state.to(device);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        foreach (var state in _members.SelectMany(members => members.States))
            state.Free();
        _members.Clear();
    }

    /// <summary>Updates the parameters of one group.</summary>
    private protected abstract void Step(Members members);

    private protected abstract OptimizerOptions NewOptions();

    private protected abstract OptimizerState NewState(Parameter parameter, OptimizerOptions options);

    /// <summary>Refuses a group of another optimizer.</summary>
    private protected abstract void CheckGroup(ParamGroup group);

    private protected static void CheckGroup<TGroup>(ParamGroup group)
    {
        if (group is not TGroup)
            throw new ArgumentException($"Expected a group of type {typeof(TGroup).FullName}, got {group.GetType().FullName}.", nameof(group));
    }

    private protected static T NonNegative<T>(T value, string optimizer, string name)
        where T : struct, IComparable<T> =>
        value.CompareTo(default) >= 0 ? value : throw new ArgumentOutOfRangeException(name, value, $"{optimizer}: {name} must not be negative.");

    private void CheckCounts(long groups, long states, string source)
    {
        var own = state_dict();
        if (groups != own.Options.Count || states != own.State.Count)
            throw new InvalidDataException($"The optimizer has {own.Options.Count} groups of {own.State.Count} parameters, {source} has {groups} of {states}.");
    }
}
