namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// Opens a scope on this thread: every tensor made until its Dispose is freed by it, unless moved out or detached.
    /// Scopes nest and belong to their thread; close the inner ones first.
    /// </summary>
    public static DisposeScope NewDisposeScope() => new();
}

/// <summary>
/// Frees the tensors that were made while it was open. A step of training is one scope: what must survive it leaves by
/// <see cref="MoveToOuter{T}(T)"/>, what must survive everything by <see cref="Detach{T}(T)"/>.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    [ThreadStatic] private static DisposeScope? current;

    private readonly List<IDisposable> owned = [];
    private readonly DisposeScope? outer;
    private readonly int thread = Environment.CurrentManagedThreadId;
    private bool closed;

    internal DisposeScope()
    {
        outer = current;
        current = this;
    }

    /// <summary>The innermost open scope of this thread.</summary>
    internal static DisposeScope? Current => current;

    /// <summary>How many objects this scope would free now.</summary>
    public int DisposablesCount => owned.Count;

    /// <summary>Hands an object over to the enclosing scope; to nobody when there is none. Returns it.</summary>
    public T MoveToOuter<T>(T disposable) where T : IDisposable
    {
        Remove(disposable);
        outer?.Add(disposable);
        return disposable;
    }

    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (MoveToOuter(first), MoveToOuter(second));

    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable => (MoveToOuter(first), MoveToOuter(second), MoveToOuter(third));

    public void MoveToOuter(params IDisposable[] disposables) => MoveToOuter((IEnumerable<IDisposable>)disposables);

    public void MoveToOuter(IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables) MoveToOuter(disposable);
    }

    /// <summary>Takes an object out: from now on its holder frees it. Returns it.</summary>
    public T Detach<T>(T disposable) where T : IDisposable
    {
        Remove(disposable);
        return disposable;
    }

    public void Detach(params IDisposable[] disposables) => Detach((IEnumerable<IDisposable>)disposables);

    public void Detach(IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables) Detach(disposable);
    }

    /// <summary>Makes this scope free an object, whichever scope did so before.</summary>
    public void Attach(IDisposable disposable)
    {
        ObjectDisposedException.ThrowIf(closed, this);
        if (disposable is torch.Tensor tensor) tensor.Owner?.Remove(tensor);
        else Remove(disposable);
        Add(disposable);
    }

    /// <summary>Frees everything in this scope now, except what is named; that stays in the scope.</summary>
    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        var keep = new HashSet<IDisposable>(inKeep, ReferenceEqualityComparer.Instance);
        var doomed = owned.ToArray();
        owned.Clear();
        foreach (var disposable in doomed)
        {
            Forget(disposable);
            if (keep.Contains(disposable)) Add(disposable);
            else disposable.Dispose();
        }
    }

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    public T DisposeEverythingBut<T>(T keep) where T : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[keep]);
        return keep;
    }

    public void DisposeEverything() => DisposeEverythingBut((IEnumerable<IDisposable>)[]);

    /// <summary>True when this scope would free the object.</summary>
    public bool Contains(IDisposable disposable) =>
        disposable is torch.Tensor tensor ? tensor.Owner == this : owned.Exists(other => ReferenceEquals(other, disposable));

    /// <summary>Frees what the scope still holds and makes the enclosing scope the current one.</summary>
    /// <exception cref="InvalidOperationException">An inner scope is still open, or this is not the thread that opened it.</exception>
    public void Dispose()
    {
        if (closed) return;
        if (thread != Environment.CurrentManagedThreadId)
            throw new InvalidOperationException($"A dispose scope belongs to the thread that opened it (thread {thread}); close it there.");
        if (current != this) throw new InvalidOperationException("An inner dispose scope is still open; dispose the inner scopes first.");
        current = outer;
        closed = true;
        foreach (var disposable in owned) Forget(disposable);
        foreach (var disposable in owned) disposable.Dispose();
        owned.Clear();
    }

    internal void Add(IDisposable disposable)
    {
        if (disposable is torch.Tensor tensor)
        {
            tensor.Owner = this;
            tensor.Slot = owned.Count;
        }

        owned.Add(disposable);
    }

    /// <summary>Constant time for a tensor, which knows its place; the order in a scope has no meaning.</summary>
    internal void Remove(IDisposable disposable)
    {
        int slot;
        if (disposable is torch.Tensor tensor)
        {
            if (tensor.Owner != this) return;
            slot = tensor.Slot;
            tensor.Owner = null;
        }
        else
        {
            slot = owned.FindIndex(other => ReferenceEquals(other, disposable));
            if (slot < 0) return;
        }

        var last = owned[^1];
        owned[slot] = last;
        if (last is torch.Tensor moved) moved.Slot = slot;
        owned.RemoveAt(owned.Count - 1);
    }

    private static void Forget(IDisposable disposable)
    {
        if (disposable is torch.Tensor tensor) tensor.Owner = null;
    }
}
