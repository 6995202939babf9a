namespace KdRobust.Persistence.Keys;

/// <summary>The key under which something is asked opens nothing any more: nothing was done.</summary>
public sealed class KeyEndedException() : Exception("the key was revoked or has expired");
