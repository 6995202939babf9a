using System.Runtime.InteropServices;

namespace KdRobust.Torch.Interop;

internal static partial class Native
{
    [LibraryImport(Library)] internal static partial Flag kt_autograd_requires_grad(TensorHandle self);
    [LibraryImport(Library)] internal static partial int kt_autograd_set_requires_grad(TensorHandle self, Flag requires_grad);
    [LibraryImport(Library)] internal static partial Flag kt_autograd_is_leaf(TensorHandle self);
    [LibraryImport(Library)] internal static partial int kt_autograd_grad_of(TensorHandle self, out IntPtr grad);
    [LibraryImport(Library)] internal static partial int kt_autograd_set_grad(TensorHandle self, TensorHandle grad);
    [LibraryImport(Library)] internal static partial int kt_autograd_retain_grad(TensorHandle self);
    [LibraryImport(Library)] internal static partial IntPtr kt_autograd_detach(TensorHandle self);
    [LibraryImport(Library)] internal static partial int kt_autograd_detach_(TensorHandle self);
    [LibraryImport(Library)] internal static partial int kt_autograd_backward(IntPtr[] tensors, long count, IntPtr[]? grads, Flag retain_graph, Flag create_graph, IntPtr[]? inputs, long input_count);
    [LibraryImport(Library)] internal static partial int kt_autograd_grad(IntPtr[] outputs, long count, IntPtr[] inputs, long input_count, IntPtr[]? grads, Flag retain_graph, Flag create_graph, Flag allow_unused, [In, Out] IntPtr[] results);
    [LibraryImport(Library)] internal static partial Flag kt_autograd_grad_enabled();
    [LibraryImport(Library)] internal static partial int kt_autograd_set_grad_enabled(Flag enabled);
    [LibraryImport(Library)] internal static partial IntPtr kt_autograd_inference_begin(Flag mode);
    [LibraryImport(Library)] internal static partial void kt_autograd_inference_end(IntPtr guard);
    [LibraryImport(Library)] internal static partial Flag kt_autograd_inference_enabled();
    [LibraryImport(Library)] internal static partial Flag kt_autograd_anomaly_enabled();
    [LibraryImport(Library)] internal static partial Flag kt_autograd_anomaly_check_nan();
    [LibraryImport(Library)] internal static partial int kt_autograd_set_anomaly(Flag enabled, Flag check_nan);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static unsafe partial IntPtr kt_autograd_apply(string name, NativeFunction* function, IntPtr managed, IntPtr[] inputs, long count);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial void kt_autograd_callback_failed(string message);
    [LibraryImport(Library)] internal static partial int kt_autograd_save_for_backward(IntPtr context, IntPtr[] tensors, long count);
    [LibraryImport(Library)] internal static partial long kt_autograd_saved_count(IntPtr context);
    [LibraryImport(Library)] internal static partial int kt_autograd_saved(IntPtr context, [In, Out] IntPtr[] tensors, long capacity);
    [LibraryImport(Library)] internal static partial int kt_autograd_mark_dirty(IntPtr context, IntPtr[] tensors, long count);
    [LibraryImport(Library)] internal static partial int kt_autograd_mark_non_differentiable(IntPtr context, IntPtr[] tensors, long count);
    [LibraryImport(Library)] internal static partial int kt_autograd_set_materialize_grads(IntPtr context, Flag value);
}

/// <summary>kt_function: the callbacks of a function written in C#.</summary>
internal unsafe struct NativeFunction
{
    internal delegate* unmanaged<IntPtr, IntPtr, IntPtr*, int> Forward;
    internal delegate* unmanaged<IntPtr, IntPtr, IntPtr, IntPtr*, long, int> Backward;
    internal delegate* unmanaged<IntPtr, void> Release;
}
