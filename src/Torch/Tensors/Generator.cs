using KdRobust.Torch;
using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Seeds the default generators of all devices and returns the CPU's.</summary>
    public static Generator manual_seed(long seed) => random.manual_seed(seed);

    /// <summary>
    /// A stream of random numbers. The same seed gives the same numbers as PyTorch's generator of the same device. Not to be
    /// used by two threads at once: then the order of the draws is open.
    /// </summary>
    public sealed class Generator : IDisposable
    {
        /// <summary>A new stream on a device; on the default one (the CPU) when not given.</summary>
        public Generator(ulong seed = 0, Device? device = null)
        {
            var place = DefaultDevice.Or(device);
            Handle = new GeneratorHandle(Native.kt_generator_new(seed, (int)place.type, place.index));
        }

        private Generator(IntPtr native) => Handle = new GeneratorHandle(native);

        /// <summary>The stream that CPU operations draw from when no generator is named.</summary>
        public static Generator Default => new(Native.kt_generator_default((int)DeviceType.CPU, -1));

        /// <summary>Where it draws.</summary>
        public Device device
        {
            get
            {
                var type = (DeviceType)Native.kt_generator_device(Handle, out var index);
                return type == DeviceType.CPU ? CPU : new Device(type, index);
            }
        }

        internal GeneratorHandle Handle { get; }

        /// <summary>Starts the stream anew from a seed. Returns this generator.</summary>
        public Generator manual_seed(long seed)
        {
            Native.Check(Native.kt_generator_manual_seed(Handle, unchecked((ulong)seed)));
            return this;
        }

        /// <summary>Starts the stream anew from a seed of the operating system, and returns that.</summary>
        public long seed()
        {
            Native.Check(Native.kt_generator_seed(Handle, out var seed));
            return unchecked((long)seed);
        }

        /// <summary>The seed the stream was last started from.</summary>
        public long initial_seed()
        {
            Native.Check(Native.kt_generator_initial_seed(Handle, out var seed));
            return unchecked((long)seed);
        }

        /// <summary>The state of the stream: uint8, on the CPU; in PyTorch's format.</summary>
        public Tensor get_state() => Native.Own(Native.kt_generator_get_state(Handle));

        /// <summary>Continues from a state of <see cref="get_state"/>.</summary>
        /// <exception cref="TorchException">The state is of another kind of generator.</exception>
        public void set_state(Tensor value) => Native.Check(Native.kt_generator_set_state(Handle, value.Handle));

        public void Dispose() => Handle.Dispose();
    }

    /// <summary>The default generator of the CPU.</summary>
    public static partial class random
    {
        public static Generator manual_seed(long seed)
        {
            Native.Check(Native.kt_random_manual_seed(unchecked((ulong)seed)));
            return Generator.Default;
        }

        /// <summary>The seed the default stream was last started from.</summary>
        public static long initial_seed()
        {
            using var generator = Generator.Default;
            return generator.initial_seed();
        }

        public static Tensor get_rng_state()
        {
            using var generator = Generator.Default;
            return generator.get_state();
        }

        public static void set_rng_state(Tensor new_state)
        {
            using var generator = Generator.Default;
            generator.set_state(new_state);
        }
    }
}
