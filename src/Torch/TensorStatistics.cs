namespace KdRobust.Torch;

/// <summary>How many native tensors this process holds: what a test of leaks reads.</summary>
public static class TensorStatistics
{
    private static long created;
    private static long disposed;
    private static long peak;

    /// <summary>Tensors made so far.</summary>
    public static long Created => Interlocked.Read(ref created);

    /// <summary>Tensors freed so far, by Dispose, by a scope, or by the garbage collector.</summary>
    public static long Disposed => Interlocked.Read(ref disposed);

    /// <summary>Tensors that exist now.</summary>
    public static long Live => Created - Disposed;

    /// <summary>The most that ever existed at once; exact as long as one thread makes tensors.</summary>
    public static long Peak => Interlocked.Read(ref peak);

    internal static void CountCreated()
    {
        var live = Interlocked.Increment(ref created) - Interlocked.Read(ref disposed);
        if (live > peak) peak = live;
    }

    internal static void CountDisposed() => Interlocked.Increment(ref disposed);
}
