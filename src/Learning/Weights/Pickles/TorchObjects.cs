namespace KdRobust.Learning.Weights.Pickles;

/// <summary>
/// The objects of PyTorch's files that are built, by name: OrderedDict, storages and the three functions that make tensors
/// and parameters of them. Keeps every storage that was named, so that a file can be checked against them.
/// </summary>
internal sealed class TorchObjects
{
    const int MaximumRank = 8;
    readonly Dictionary<string, TorchStorage> _storages = new(StringComparer.Ordinal);

    /// <summary>Storages by key.</summary>
    public IReadOnlyDictionary<string, TorchStorage> Storages => _storages;

    /// <summary>What a call of <paramref name="global"/> would give; opaque unless it is on the list.</summary>
    public object? Build(PickleGlobal global, PickleTuple arguments, PickleStream stream) => (global.ToString(), arguments.Items) switch
    {
        ("collections.OrderedDict", []) => new PickleDict(),
        ("collections.OrderedDict", [PickleList pairs]) => Dict(pairs, stream),
        ("torch._utils._rebuild_tensor", [var storage, var offset, var shape, var strides]) => Tensor(storage, offset, shape, strides, stream),
        ("torch._utils._rebuild_tensor_v2", [var storage, var offset, var shape, var strides, _, _, ..]) => Tensor(storage, offset, shape, strides, stream),
        ("torch._utils._rebuild_parameter", [TorchTensor or PickleOpaque, _, _]) => arguments.Items[0],
        ("collections.OrderedDict" or "torch._utils._rebuild_tensor" or "torch._utils._rebuild_tensor_v2" or "torch._utils._rebuild_parameter", _) =>
            throw stream.Bad($"{global} with arguments it does not take: {string.Join(", ", arguments.Items.Take(8).Select(PickleDescription.Of))}"),
        _ => new PickleOpaque(global.ToString()),
    };

    /// <summary>The object of a persistent id: a storage, or what is not built.</summary>
    public object Persistent(PickleTuple id, PickleStream stream)
    {
        switch (id.Items)
        {
            // ("storage", class, key, device, elements), and in old files the part of another storage it is.
            case ["storage", PickleGlobal type, string key, string, long count]: return Storage(type, key, count, stream);
            case ["storage", PickleGlobal type, string key, string, long count, null]: return Storage(type, key, count, stream);
            case ["storage", PickleGlobal, string key, string, long, PickleTuple]:
                throw stream.Bad($"storage '{key}' is a part of another one: save the file again with PyTorch 0.4 or newer");
            case ["module", PickleGlobal type, ..]: return new PickleOpaque(type.ToString());
            default: throw stream.Bad($"a persistent id of another form: {string.Join(", ", id.Items.Take(8).Select(PickleDescription.Of))}");
        }
    }

    object Storage(PickleGlobal type, string key, long count, PickleStream stream)
    {
        if (TypeOf(type) is not { } element) return new PickleOpaque(type.ToString());
        if (count < 0 || count > long.MaxValue / TensorEntry.SizeOf(element)) throw stream.Bad($"storage '{key}' has {count} elements");
        var storage = new TorchStorage(key, element, count);
        if (!_storages.TryGetValue(key, out var known)) _storages.Add(key, storage);
        else if (known != storage) throw stream.Bad($"storage '{key}' is {known.Count} of {known.Type} at one place and {count} of {element} at another");
        return storage;
    }

    static ElementType? TypeOf(PickleGlobal type) => type.Module is not ("torch" or "torch.cuda") ? null : type.Name switch
    {
        "FloatStorage" => ElementType.F32,
        "DoubleStorage" => ElementType.F64,
        "HalfStorage" => ElementType.F16,
        "BFloat16Storage" => ElementType.BF16,
        "LongStorage" => ElementType.I64,
        "IntStorage" => ElementType.I32,
        "ShortStorage" => ElementType.I16,
        "CharStorage" => ElementType.I8,
        "ByteStorage" => ElementType.U8,
        "BoolStorage" => ElementType.BOOL,
        _ => null,
    };

    static PickleDict Dict(PickleList pairs, PickleStream stream)
    {
        var dict = new PickleDict();
        foreach (var pair in pairs.Items)
        {
            var items = pair switch
            {
                PickleTuple tuple => tuple.Items,
                PickleList list => list.Items,
                _ => [],
            };
            if (items.Count != 2) throw stream.Bad("an OrderedDict of what are no pairs");
            if (!dict.TryAdd(items[0], items[1])) throw stream.Bad($"a dict has the key '{items[0]}' twice");
        }
        return dict;
    }

    static object Tensor(object? storage, object? offset, object? shape, object? strides, PickleStream stream)
    {
        if (storage is PickleOpaque opaque) return new PickleOpaque($"a tensor of {opaque.What}");
        if (storage is not TorchStorage known) throw stream.Bad($"a tensor of {PickleDescription.Of(storage)}, expected a storage");
        if (offset is not long first || Numbers(shape) is not { } sizes || Numbers(strides) is not { } steps)
            throw stream.Bad($"a tensor of storage '{known.Key}' whose offset, sizes and strides are not numbers");
        var form = $"[{string.Join(", ", sizes)}] with strides [{string.Join(", ", steps)}] from element {first}";
        if (sizes.Length != steps.Length || sizes.Length > MaximumRank || first < 0 || sizes.Any(size => size < 0) || steps.Any(step => step < 0))
            throw stream.Bad($"a tensor {form} of storage '{known.Key}': expected as many sizes as strides, at most {MaximumRank}, none negative");
        // In 128 bits no product of two and no sum of eight of these can overflow, once each factor is known to fit.
        Int128 count = 1;
        Int128 last = first;
        for (var i = 0; i < sizes.Length && !sizes.Contains(0); i++)
        {
            count *= sizes[i];
            last += (Int128)(sizes[i] - 1) * steps[i];
            if (count > known.Count || last >= known.Count) throw TooLarge();
        }
        // A scalar needs its one element, a tensor of none no element at all.
        if (first > known.Count || (first == known.Count && !sizes.Contains(0))) throw TooLarge();
        return new TorchTensor(known, first, sizes, steps);

        Exception TooLarge() => stream.Bad($"a tensor {form} does not fit into storage '{known.Key}' of {known.Count} elements");
    }

    static long[]? Numbers(object? value) =>
        value is PickleTuple tuple && tuple.Items.All(item => item is long) ? [.. tuple.Items.Cast<long>()] : null;
}
