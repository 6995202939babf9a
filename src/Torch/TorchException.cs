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

    /// <summary>The exception of the native call that just failed on this thread.</summary>
    internal static Exception OfLastCall()
    {
        var message = Native.Text(Native.kt_last_error());
        return message.Length == 0 ? new TorchException("libtorch reported a failure without a message.") : new TorchException(message);
    }
}
