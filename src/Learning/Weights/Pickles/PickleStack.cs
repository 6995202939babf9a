namespace KdRobust.Learning.Weights.Pickles;

/// <summary>The values a pickle works on: a stack with marks, and the memo by which it names a value again. All bounded.</summary>
internal sealed class PickleStack(PickleStream stream)
{
    public const int MaximumHeight = 200_000;
    public const int MaximumMarks = 1_000;
    public const int MaximumMemo = 500_000;
    /// <summary>Containers in containers; a checkpoint has about six.</summary>
    public const int MaximumDepth = 64;

    readonly List<object?> _values = [];
    readonly List<int> _marks = [];
    readonly Dictionary<uint, object?> _memo = [];

    // Values below the newest mark belong to an outer sequence.
    int Floor => _marks.Count == 0 ? 0 : _marks[^1];

    public void Push(object? value)
    {
        if (_values.Count == MaximumHeight) throw stream.Bad($"more than {MaximumHeight} values wait on its stack");
        if (value is PickleContainer { Depth: > MaximumDepth }) throw TooDeep();
        _values.Add(value);
    }

    public object? Pop()
    {
        if (_values.Count == Floor) throw stream.Bad("a value is taken where there is none");
        var value = _values[^1];
        _values.RemoveAt(_values.Count - 1);
        return value;
    }

    public object? Peek() => _values.Count > Floor ? _values[^1] : throw stream.Bad("a value is asked for where there is none");

    public void Mark()
    {
        if (_marks.Count == MaximumMarks) throw stream.Bad($"more than {MaximumMarks} sequences are open");
        _marks.Add(_values.Count);
    }

    /// <summary>True when the newest mark, or the bottom, is on top of the stack.</summary>
    public bool AtMark => _values.Count == Floor && _marks.Count > 0;

    /// <summary>The values after the newest mark, which goes with them.</summary>
    public object?[] PopToMark()
    {
        if (_marks.Count == 0) throw stream.Bad("a sequence ends that did not begin");
        var from = Floor;
        var values = new object?[_values.Count - from];
        _values.CopyTo(from, values, 0, values.Length);
        _values.RemoveRange(from, values.Length);
        _marks.RemoveAt(_marks.Count - 1);
        return values;
    }

    /// <summary>The only value, at the end.</summary>
    public object? Last()
    {
        if (_marks.Count > 0 || _values.Count != 1) throw stream.Bad($"it stops with {_values.Count} values and {_marks.Count} open sequences, expected one value");
        return _values[0];
    }

    public void Memoize(uint name)
    {
        if (_memo.Count == MaximumMemo && !_memo.ContainsKey(name)) throw stream.Bad($"its memo has more than {MaximumMemo} values");
        _memo[name] = Peek();
    }

    public void Memoize() => Memoize((uint)_memo.Count);

    public object? Recall(uint name) => _memo.TryGetValue(name, out var value) ? value : throw stream.Bad($"its memo has no value {name}");

    /// <summary>Adds to a list what it is given; what is not built stays unbuilt.</summary>
    public void Append(object? target, IEnumerable<object?> items)
    {
        if (target is PickleOpaque) return;
        if (target is not PickleList list) throw stream.Bad($"items are added to {PickleDescription.Of(target)}, expected a list");
        foreach (var item in items) list.Add(item);
        if (list.Depth > MaximumDepth) throw TooDeep();
    }

    /// <summary>Adds entries to a dict: key, value, key, value, ...</summary>
    public void Set(object? target, IReadOnlyList<object?> items)
    {
        if (items.Count % 2 != 0) throw stream.Bad("a dict is given a key without a value");
        if (target is PickleOpaque) return;
        if (target is not PickleDict dict) throw stream.Bad($"entries are added to {PickleDescription.Of(target)}, expected a dict");
        for (var i = 0; i < items.Count; i += 2)
            if (!dict.TryAdd(items[i], items[i + 1])) throw stream.Bad($"a dict has the key '{items[i]}' twice");
        if (dict.Depth > MaximumDepth) throw TooDeep();
    }

    Exception TooDeep() => stream.Bad($"containers are nested more than {MaximumDepth} deep");
}
