using System.Runtime.InteropServices;
using KdRobust.Torch.Interop;

namespace KdRobust.Torch;

/// <summary>
/// An operation of libtorch was refused. The message names the operation, the type and shape of its tensor arguments, and
/// libtorch's reason: <c>add(float32[2, 3], float32[4]): The size of tensor a (3) must match ...</c>
/// </summary>
public sealed class TorchException : ExternalException
{
    public TorchException(string message) : base(message) { }

    public TorchException(string message, Exception inner) : base(message, inner) { }

    /// <summary>The exception a function written in C# threw inside a native call of this thread, to be its inner exception.</summary>
    [ThreadStatic] internal static Exception? Thrown;

    /// <summary>The exception of the native call that just failed on this thread.</summary>
    internal static TorchException OfLastCall()
    {
        var message = Native.Text(Native.kt_last_error());
        if (message.Length == 0) message = "libtorch reported a failure without a message.";
        if (Thrown is not { } thrown) return new TorchException(message);
        Thrown = null;
        return new TorchException(message, thrown);
    }
}
