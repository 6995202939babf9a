using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Until disposed, autograd follows nothing on this thread.</summary>
    public static IDisposable no_grad() => new AutoGradMode(false);

    /// <summary>Until disposed, autograd follows nothing on this thread, and what is made can never take part in a gradient.</summary>
    public static IDisposable inference_mode(bool mode = true) => new InferenceMode(mode);

    /// <summary>Until disposed, autograd follows operations on this thread or not.</summary>
    public static IDisposable set_grad_enabled(bool mode = true) => new AutoGradMode(mode);

    /// <summary>Until disposed, autograd follows operations on this thread.</summary>
    public static IDisposable enable_grad(bool enabled = true) => new AutoGradMode(enabled);

    public static bool is_grad_enabled() => AutoGradMode.IsEnabled;

    public static bool is_inference_mode_enabled() => InferenceMode.IsEnabled;
}

/// <summary>Switches autograd on or off on this thread until disposed there.</summary>
internal sealed class AutoGradMode : IDisposable
{
    private readonly bool before = Native.kt_autograd_grad_enabled();
    private bool ended;

    internal AutoGradMode(bool enabled) => Native.Check(Native.kt_autograd_set_grad_enabled(enabled));

    internal static bool IsEnabled => Native.kt_autograd_grad_enabled();

    public void Dispose()
    {
        if (ended) return;
        ended = true;
        Native.Check(Native.kt_autograd_set_grad_enabled(before));
    }
}

/// <summary>libtorch's inference mode of this thread until disposed there.</summary>
internal sealed class InferenceMode : IDisposable
{
    private readonly int thread = Environment.CurrentManagedThreadId;
    private IntPtr guard;

    internal InferenceMode(bool mode)
    {
        guard = Native.kt_autograd_inference_begin(mode);
        if (guard == IntPtr.Zero) throw KdRobust.Torch.TorchException.OfLastCall();
    }

    internal static bool IsEnabled => Native.kt_autograd_inference_enabled();

    public void Dispose()
    {
        if (guard == IntPtr.Zero) return;
        if (thread != Environment.CurrentManagedThreadId)
            throw new InvalidOperationException($"Inference mode belongs to the thread that entered it (thread {thread}); leave it there.");
        Native.kt_autograd_inference_end(guard);
        guard = IntPtr.Zero;
    }
}

/// <summary>Anomaly detection of this process until disposed.</summary>
public sealed class AnomalyMode : IDisposable
{
    private readonly bool before = Native.kt_autograd_anomaly_enabled();
    private readonly bool checkedBefore = Native.kt_autograd_anomaly_check_nan();
    private bool ended;

    internal AnomalyMode(bool enabled, bool check_nan) => Native.Check(Native.kt_autograd_set_anomaly(enabled, check_nan));

    public static bool IsEnabled => Native.kt_autograd_anomaly_enabled();

    public static bool ShouldCheckNaN => Native.kt_autograd_anomaly_check_nan();

    public void Dispose()
    {
        if (ended) return;
        ended = true;
        Native.Check(Native.kt_autograd_set_anomaly(before, checkedBefore));
    }
}
