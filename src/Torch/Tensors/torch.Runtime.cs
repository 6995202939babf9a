using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>libtorch's version, of the library that is loaded.</summary>
    public static string __version__ => Native.Text(Native.kt_loaded_version()) is { Length: > 0 } version ? version : Native.Text(Native.kt_built_version());

    /// <summary>How many threads one operation may use.</summary>
    public static int get_num_threads() => Native.kt_get_num_threads();

    /// <summary>Sets how many threads one operation may use, for the whole process. The digits of a run depend on it.</summary>
    public static void set_num_threads(int num)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(num, 1);
        Native.Check(Native.kt_set_num_threads(num));
    }

    /// <summary>How many operations may run at once.</summary>
    public static int get_num_interop_threads() => Native.kt_get_num_interop_threads();

    /// <summary>Sets how many operations may run at once; only once, before any did.</summary>
    public static void set_num_interop_threads(int num)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(num, 1);
        Native.Check(Native.kt_set_num_interop_threads(num));
    }

    /// <summary>CUDA devices. Without CUDA: not available, 0 devices, and the rest does nothing.</summary>
    public static partial class cuda
    {
        public static bool is_available() => Native.kt_cuda_device_count() > 0;

        public static bool is_cudnn_available() => Native.kt_cuda_cudnn_available();

        public static int device_count() => Native.kt_cuda_device_count();

        /// <summary>Seeds the default generator of every CUDA device.</summary>
        public static void manual_seed_all(long seed) => Native.Check(Native.kt_cuda_manual_seed_all(unchecked((ulong)seed)));

        /// <summary>Waits until a device (the current one when not given) has done all it was asked to.</summary>
        public static void synchronize(Device? device = null) => Native.Check(Native.kt_cuda_synchronize(device?.index ?? -1));
    }

    /// <summary>Switches of the libraries under libtorch, for the whole process.</summary>
    public static partial class backends
    {
        public static partial class cudnn
        {
            /// <summary>Whether convolutions of float32 may round their factors to 10 bits of fraction on an NVIDIA GPU.</summary>
            public static bool allow_tf32
            {
                get => Native.kt_get_flag(ProcessFlag.Tf32Cudnn) == 1;
                set => Native.Check(Native.kt_set_flag(ProcessFlag.Tf32Cudnn, value));
            }
        }

        public static partial class cuda
        {
            public static partial class matmul
            {
                /// <summary>Whether products of float32 matrices may round their factors to 10 bits of fraction on an NVIDIA GPU.</summary>
                public static bool allow_tf32
                {
                    get => Native.kt_get_flag(ProcessFlag.Tf32Matmul) == 1;
                    set => Native.Check(Native.kt_set_flag(ProcessFlag.Tf32Matmul, value));
                }
            }
        }
    }
}
