using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    // Fills in place. generator: the default one of the device when not given.
    public partial class Tensor
    {
        /// <summary>Uniform on [from, to).</summary>
        public Tensor uniform_(double from, double to, Generator? generator = null) =>
            This(Native.kt_random_uniform_(Handle, from, to, Native.OrNone(generator)));

        public Tensor normal_(double mean = 0, double std = 1, Generator? generator = null) =>
            This(Native.kt_random_normal_(Handle, mean, std, Native.OrNone(generator)));

        /// <summary>Uniform integers from .. to - 1.</summary>
        public Tensor random_(double from, double to, Generator? generator = null) =>
            This(Native.kt_random_random_(Handle, checked((long)from), checked((long)to), Native.OrNone(generator)));

        /// <summary>Exponential with the given rate.</summary>
        public Tensor exponential_(double lambda = 1, Generator? generator = null) =>
            This(Native.kt_random_exponential_(Handle, lambda, Native.OrNone(generator)));

        /// <summary>1 with probability p, else 0.</summary>
        public Tensor bernoulli_(double p = 0.5, Generator? generator = null) =>
            This(Native.kt_random_bernoulli_(Handle, p, Native.OrNone(generator)));

        /// <summary>1 with the probability in <paramref name="p"/>, which broadcasts, else 0.</summary>
        public Tensor bernoulli_(Tensor p, Generator? generator = null) =>
            This(Native.kt_random_bernoulli_tensor_(Handle, p.Handle, Native.OrNone(generator)));

        /// <summary>A tensor that is 1 with this tensor's values as probabilities, else 0.</summary>
        public Tensor bernoulli(Generator? generator = null) => Native.Own(Native.kt_random_bernoulli(Handle, Native.OrNone(generator)));

        /// <summary>Indices drawn from each row with its values as weights: [N, K] -> [N, num_samples] (int64).</summary>
        public Tensor multinomial(long num_samples, bool replacement = false, Generator? generator = null) =>
            Native.Own(Native.kt_random_multinomial(Handle, num_samples, replacement, Native.OrNone(generator)));
    }
}
