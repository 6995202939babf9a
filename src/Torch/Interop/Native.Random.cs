using System.Runtime.InteropServices;

namespace KdRobust.Torch.Interop;

internal static partial class Native
{
    [LibraryImport(Library)] internal static partial void kt_generator_free(IntPtr generator);
    [LibraryImport(Library)] internal static partial IntPtr kt_generator_new(ulong seed, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_generator_default(int device_type, int device_index);
    [LibraryImport(Library)] internal static partial int kt_generator_manual_seed(GeneratorHandle generator, ulong seed);
    [LibraryImport(Library)] internal static partial int kt_generator_seed(GeneratorHandle generator, out ulong seed);
    [LibraryImport(Library)] internal static partial int kt_generator_initial_seed(GeneratorHandle generator, out ulong seed);
    [LibraryImport(Library)] internal static partial IntPtr kt_generator_get_state(GeneratorHandle generator);
    [LibraryImport(Library)] internal static partial int kt_generator_set_state(GeneratorHandle generator, TensorHandle state);
    [LibraryImport(Library)] internal static partial int kt_generator_device(GeneratorHandle generator, out int index);
    [LibraryImport(Library)] internal static partial int kt_random_manual_seed(ulong seed);
    [LibraryImport(Library)] internal static partial IntPtr kt_random_rand(long[] sizes, long dims, GeneratorHandle generator, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_random_randn(long[] sizes, long dims, GeneratorHandle generator, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_random_randint(long low, long high, long[] sizes, long dims, GeneratorHandle generator, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_random_randperm(long n, GeneratorHandle generator, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_random_rand_like(TensorHandle self, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_random_randn_like(TensorHandle self, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial int kt_random_uniform_(TensorHandle self, double from, double to, GeneratorHandle generator);
    [LibraryImport(Library)] internal static partial int kt_random_normal_(TensorHandle self, double mean, double std, GeneratorHandle generator);
    [LibraryImport(Library)] internal static partial int kt_random_random_(TensorHandle self, long from, long to, GeneratorHandle generator);
    [LibraryImport(Library)] internal static partial int kt_random_exponential_(TensorHandle self, double lambda, GeneratorHandle generator);
    [LibraryImport(Library)] internal static partial int kt_random_bernoulli_(TensorHandle self, double p, GeneratorHandle generator);
    [LibraryImport(Library)] internal static partial int kt_random_bernoulli_tensor_(TensorHandle self, TensorHandle p, GeneratorHandle generator);
    [LibraryImport(Library)] internal static partial IntPtr kt_random_bernoulli(TensorHandle self, GeneratorHandle generator);
    [LibraryImport(Library)] internal static partial IntPtr kt_random_multinomial(TensorHandle self, long samples, Flag replacement, GeneratorHandle generator);
}
