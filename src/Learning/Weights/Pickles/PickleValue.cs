using System.Globalization;
using System.Numerics;

namespace KdRobust.Learning.Weights.Pickles;

// Beside these a pickle's value is null (None), bool, long, BigInteger, double or string.

/// <summary>A value that holds others. Depth is 1 for one that holds no container, and bounded while it is filled.</summary>
internal abstract class PickleContainer
{
    /// <summary>How deep containers were nested in it when it was last changed.</summary>
    public int Depth { get; protected set; } = 1;

    /// <summary>Notes that a value went in.</summary>
    public void Contains(object? value) => Depth = Math.Max(Depth, value is PickleContainer inner ? inner.Depth + 1 : 1);
}

/// <summary>A tuple.</summary>
internal sealed class PickleTuple : PickleContainer
{
    public PickleTuple(object?[] items)
    {
        Items = items;
        foreach (var item in items) Contains(item);
    }

    public IReadOnlyList<object?> Items { get; }
}

/// <summary>A list.</summary>
internal sealed class PickleList : PickleContainer
{
    readonly List<object?> _items = [];

    public IReadOnlyList<object?> Items => _items;

    public void Add(object? item)
    {
        _items.Add(item);
        Contains(item);
    }
}

/// <summary>A dict or OrderedDict, in order of insertion. Keys that are no texts are kept, but cannot be asked for.</summary>
internal sealed class PickleDict : PickleContainer
{
    readonly List<KeyValuePair<object?, object?>> _entries = [];
    Dictionary<string, object?>? _byName;

    public IReadOnlyList<KeyValuePair<object?, object?>> Entries => _entries;

    /// <summary>The value under a text, if there is one.</summary>
    public bool TryGet(string name, out object? value)
    {
        value = null;
        return _byName?.TryGetValue(name, out value) == true;
    }

    /// <summary>Adds an entry; false when the text is a key already, which no pickle that Python wrote contains.</summary>
    public bool TryAdd(object? key, object? value)
    {
        if (key is string name && !(_byName ??= new(StringComparer.Ordinal)).TryAdd(name, value)) return false;
        _entries.Add(new(key, value));
        Contains(key);
        Contains(value);
        return true;
    }
}

/// <summary>A class or function by name. It is never looked up, let alone called.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    /// <summary>Module and name, e.g. <c>collections.OrderedDict</c>.</summary>
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>What was not built: all that is known of it is what it would have been.</summary>
/// <param name="What">E.g. <c>numpy.core.multiarray.scalar</c>.</param>
internal sealed record PickleOpaque(string What);

/// <summary>A storage of a PyTorch file: a flat run of numbers that tensors are views of.</summary>
/// <param name="Key">Its name in the file.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Count">Elements.</param>
internal sealed record TorchStorage(string Key, ElementType Type, long Count)
{
    /// <summary>Length in bytes; a count is at most what fits.</summary>
    public long Bytes => Count * TensorEntry.SizeOf(Type);
}

/// <summary>A tensor of a PyTorch file; every index it can take lies inside its storage.</summary>
/// <param name="Storage">Where its numbers are.</param>
/// <param name="Offset">First element.</param>
/// <param name="Shape">Sizes.</param>
/// <param name="Strides">Steps in elements, none negative.</param>
internal sealed record TorchTensor(TorchStorage Storage, long Offset, long[] Shape, long[] Strides)
{
    /// <summary>Numbers it has; never more than its storage.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>Elements of the storage from the first to the last that it touches.</summary>
    public long Span => Count == 0 ? 0 : 1 + Shape.Zip(Strides, (size, stride) => (size - 1) * stride).Sum();

    /// <summary>True when its numbers lie in C order without gaps.</summary>
    public bool IsContiguous
    {
        get
        {
            var expected = 1L;
            for (var i = Shape.Length - 1; i >= 0; i--)
            {
                if (Shape[i] != 1 && Strides[i] != expected) return false;
                expected *= Shape[i];
            }
            return true;
        }
    }
}

/// <summary>What a value is, for people.</summary>
internal static class PickleDescription
{
    /// <summary>E.g. "a dict", "the number 3", "an object of numpy.core.multiarray.scalar".</summary>
    public static string Of(object? value) => value switch
    {
        null => "None",
        bool flag => flag ? "True" : "False",
        string => "a text",
        long or double or BigInteger => $"the number {((IFormattable)value).ToString(null, CultureInfo.InvariantCulture)}",
        PickleDict => "a dict",
        PickleList => "a list",
        PickleTuple => "a tuple",
        PickleGlobal global => $"the name {global}",
        PickleOpaque opaque => $"an object of {opaque.What}, which is not built",
        TorchStorage => "a storage",
        TorchTensor => "a tensor",
        _ => "something else",
    };
}
