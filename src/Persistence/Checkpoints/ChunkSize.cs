namespace KdRobust.Persistence.Checkpoints;

/// <summary>How large the pieces of a checkpoint are.</summary>
static class ChunkSize
{
    /// <summary>What the database accepts: 4 MiB.</summary>
    internal const int Largest = 4 << 20;

    /// <summary>
    /// What we write: 2 MiB. Few enough round trips for a gigabyte, small enough that a change near the front does not rewrite
    /// everything and that two buffers cost nothing.
    /// </summary>
    internal const int Written = 2 << 20;
}
