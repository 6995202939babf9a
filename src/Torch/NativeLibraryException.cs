namespace KdRobust.Torch;

/// <summary>The native half of this assembly is missing, does not load, or does not fit. The message says what to do.</summary>
public sealed class NativeLibraryException : DllNotFoundException
{
    public NativeLibraryException(string message) : base(message) { }

    public NativeLibraryException(string message, Exception inner) : base(message, inner) { }
}
