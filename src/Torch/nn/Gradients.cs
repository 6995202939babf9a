using KdRobust.Torch.Interop;
using TorchSharp.Modules;

namespace TorchSharp;

/// <summary>What is done to the gradients of many parameters in one call.</summary>
internal static class Gradients
{
    /// <summary>Drops the gradients, or fills them with zero.</summary>
    internal static void Clear(IReadOnlyCollection<Parameter> parameters, bool set_to_none)
    {
        using var list = new TensorList(parameters);
        Native.Check(Native.kt_nn_clear_gradients(list.Pointers, list.Count, set_to_none));
    }

    /// <summary>Scales the gradients to a joint norm of at most <paramref name="max_norm"/> and returns the norm before.</summary>
    internal static double ClipNorm(IReadOnlyCollection<Parameter> parameters, double max_norm, double norm_type)
    {
        using var list = new TensorList(parameters);
        Native.Check(Native.kt_nn_clip_grad_norm_(list.Pointers, list.Count, max_norm, norm_type, out var norm));
        return norm;
    }
}
