using TorchSharp;

namespace KdRobust.Torch;

/// <summary>
/// Where tensors are made when nobody says where: the CPU, unless it is set for the process or for a stretch of one thread.
/// Factories, generators and modules follow it; views of host memory, copies and whatever is made like another tensor do not.
/// </summary>
public static class DefaultDevice
{
    private static torch.Device ofProcess = torch.CPU;
    [ThreadStatic] private static Region? current;

    /// <summary>The default of this process, for threads that have no region of their own.</summary>
    public static torch.Device OfProcess
    {
        get => ofProcess;
        set => ofProcess = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>Until disposed, the default of this thread is another device. Regions nest.</summary>
    public static IDisposable Use(torch.Device device) => new Region(device ?? throw new ArgumentNullException(nameof(device)));

    /// <summary>Until disposed, this thread has no default: a factory that is not told its device throws. Finds code that would mix devices on a GPU.</summary>
    public static IDisposable None() => new Region(null);

    /// <summary>The given device, or the default one.</summary>
    /// <exception cref="InvalidOperationException">None is given and there is no default.</exception>
    internal static torch.Device Or(torch.Device? device) => device ?? (current is { } region
        ? region.Device ?? throw new InvalidOperationException("No device was given, and this thread has no default one: name the device the tensor belongs to.")
        : ofProcess);

    internal static int TypeOf(torch.Device? device) => (int)Or(device).type;

    internal static int IndexOf(torch.Device? device) => Or(device).index;

    private sealed class Region : IDisposable
    {
        private readonly Region? outer = current;
        private bool ended;

        internal Region(torch.Device? device)
        {
            Device = device;
            current = this;
        }

        internal torch.Device? Device { get; }

        public void Dispose()
        {
            if (ended) return;
            if (current != this) throw new InvalidOperationException("A region of the default device ends on the thread that began it, inner ones first.");
            ended = true;
            current = outer;
        }
    }
}
