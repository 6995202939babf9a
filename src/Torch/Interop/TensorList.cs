using TorchSharp;

namespace KdRobust.Torch.Interop;

/// <summary>
/// The handles of a list of tensors, held for the time of one native call: <c>using var list = new TensorList(tensors);</c>
/// A null tensor in the list is passed as the undefined tensor.
/// </summary>
internal readonly ref struct TensorList
{
    private readonly TensorHandle?[] held;
    private readonly IntPtr[] pointers;

    internal TensorList(IReadOnlyCollection<torch.Tensor?> tensors)
    {
        held = new TensorHandle?[tensors.Count];
        pointers = new IntPtr[tensors.Count];
        var i = 0;
        try
        {
            foreach (var tensor in tensors)
            {
                if (tensor is not null)
                {
                    var handle = tensor.Handle;
                    var added = false;
                    handle.DangerousAddRef(ref added);
                    held[i] = handle;
                    pointers[i] = handle.DangerousGetHandle();
                }

                i++;
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>One native pointer a tensor, to pass as <c>void* const*</c>.</summary>
    internal IntPtr[] Pointers => pointers;

    internal int Count => pointers.Length;

    public void Dispose()
    {
        foreach (var handle in held) handle?.DangerousRelease();
    }
}
