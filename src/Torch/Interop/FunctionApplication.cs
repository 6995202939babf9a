using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace KdRobust.Torch.Interop;

/// <summary>What the callbacks need of a function written in C#.</summary>
internal interface IManagedFunction
{
    string Name { get; }

    torch.Tensor Forward(torch.autograd.AutogradContext ctx, object[] vars);

    List<torch.Tensor> Backward(torch.autograd.AutogradContext ctx, torch.Tensor gradOutput);
}

/// <summary>
/// One application of a function written in C#: libtorch's graph holds it through a handle and frees that with the graph.
/// The callbacks may run on a thread of libtorch (a CUDA device's backward does); no exception leaves them.
/// </summary>
internal sealed unsafe class FunctionApplication
{
    private static readonly NativeFunction* Callbacks = MakeCallbacks();

    private readonly IManagedFunction function;
    private readonly torch.autograd.AutogradContext context = new();
    private readonly bool[] isTensor;
    private object[]? arguments;

    private FunctionApplication(IManagedFunction function, object[] arguments)
    {
        this.function = function;
        this.arguments = arguments;
        isTensor = Array.ConvertAll(arguments, argument => argument is torch.Tensor);
    }

    internal static torch.Tensor Apply(IManagedFunction function, object[] vars)
    {
        var application = new FunctionApplication(function, vars);
        using var inputs = new TensorList(vars.OfType<torch.Tensor>().ToArray());
        var handle = GCHandle.Alloc(application);
        try
        {
            return Native.Own(Native.kt_autograd_apply(function.Name, Callbacks, GCHandle.ToIntPtr(handle), inputs.Pointers, inputs.Count));
        }
        finally
        {
            application.arguments = null;
        }
    }

    private static NativeFunction* MakeCallbacks()
    {
        var callbacks = (NativeFunction*)RuntimeHelpers.AllocateTypeAssociatedMemory(typeof(FunctionApplication), sizeof(NativeFunction));
        *callbacks = new NativeFunction { Forward = &OnForward, Backward = &OnBackward, Release = &OnRelease };
        return callbacks;
    }

    private static FunctionApplication Of(IntPtr handle) => (FunctionApplication)GCHandle.FromIntPtr(handle).Target!;

    [UnmanagedCallersOnly]
    private static int OnForward(IntPtr handle, IntPtr nativeContext, IntPtr* output)
    {
        var self = Of(handle);
        return self.Guarded(nativeContext, () =>
        {
            var result = self.function.Forward(self.context, self.arguments!)
                ?? throw new InvalidOperationException("forward returned null; return the output tensor.");
            *output = Give(result);
        });
    }

    [UnmanagedCallersOnly]
    private static int OnBackward(IntPtr handle, IntPtr nativeContext, IntPtr gradOutput, IntPtr* gradients, long count)
    {
        var self = Of(handle);
        return self.Guarded(nativeContext, () =>
        {
            var results = self.function.Backward(self.context, gradOutput == IntPtr.Zero ? null! : new torch.Tensor(gradOutput));
            if (results.Count != self.isTensor.Length)
                throw new InvalidOperationException(
                    $"backward returned {results.Count} gradients for the {self.isTensor.Length} arguments of apply; expected one for each, null where there is none.");
            var next = 0;
            for (var i = 0; i < results.Count; i++)
            {
                if (self.isTensor[i]) gradients[next++] = results[i] is null ? IntPtr.Zero : Give(results[i]);
                else if (results[i] is not null) throw new InvalidOperationException($"backward returned a gradient for argument {i}, which is not a tensor; expected null.");
            }
        });
    }

    [UnmanagedCallersOnly]
    private static void OnRelease(IntPtr handle)
    {
        var pin = GCHandle.FromIntPtr(handle);
        ((FunctionApplication)pin.Target!).context.Dispose();
        pin.Free();
    }

    /// <summary>A native handle of its own, because the scope of the callback, or the caller, frees the tensor itself.</summary>
    private static IntPtr Give(torch.Tensor tensor)
    {
        var given = Native.kt_tensor_alias(tensor.Handle);
        return given == IntPtr.Zero ? throw TorchException.OfLastCall() : given;
    }

    // What the function makes on the way is freed by a scope of the callback: libtorch's threads have none.
    private int Guarded(IntPtr nativeContext, Action body)
    {
        try
        {
            using var scope = torch.NewDisposeScope();
            context.Enter(nativeContext);
            body();
            return 0;
        }
        catch (Exception e)
        {
            TorchException.Thrown = e;
            Native.kt_autograd_callback_failed(e.Message);
            return 1;
        }
        finally
        {
            context.Leave();
        }
    }
}
