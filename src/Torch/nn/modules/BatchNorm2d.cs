using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>Batch normalisation of [N, C, H, W] per channel.</summary>
            /// <param name="num_features">C.</param>
            /// <param name="eps">Added to the variance.</param>
            /// <param name="momentum">Weight of the newest batch in the running statistics.</param>
            /// <param name="affine">Whether a learned scale and shift follow.</param>
            /// <param name="track_running_stats">Whether running statistics are kept for evaluation; otherwise batch statistics are always used.</param>
            /// <param name="device">Where the tensors live; null is the CPU.</param>
            /// <param name="dtype">Their element type; null is float32.</param>
            public static BatchNorm2d BatchNorm2d(long num_features, double eps = 1e-05, double momentum = 0.1, bool affine = true, bool track_running_stats = true, Device? device = null, ScalarType? dtype = null) =>
                new(num_features, eps, momentum, affine, track_running_stats, device, dtype);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>
    /// Batch normalisation with parameters weight and bias [C] and buffers running_mean, running_var [C] and
    /// num_batches_tracked (an int64 scalar).
    /// </summary>
    public sealed class BatchNorm2d : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        private readonly long _features;
        private readonly double _eps, _momentum;

        internal BatchNorm2d(long num_features, double eps, double momentum, bool affine, bool track_running_stats, torch.Device? device, torch.ScalarType? dtype)
            : base(nameof(BatchNorm2d))
        {
            if (num_features < 1)
                throw new ArgumentException($"BatchNorm2d: num_features must be positive, got {num_features}.", nameof(num_features));
            _features = num_features;
            _eps = eps;
            _momentum = momentum;

            weight = affine ? new Parameter(torch.ones([num_features], dtype, device)) : null;
            bias = affine ? new Parameter(torch.zeros([num_features], dtype, device)) : null;
            register_parameter(nameof(weight), weight);
            register_parameter(nameof(bias), bias);
            running_mean = track_running_stats ? torch.zeros([num_features], dtype, device) : null;
            running_var = track_running_stats ? torch.ones([num_features], dtype, device) : null;
            num_batches_tracked = track_running_stats ? torch.zeros([], torch.ScalarType.Int64, device) : null;
            register_buffer(nameof(running_mean), running_mean);
            register_buffer(nameof(running_var), running_var);
            register_buffer(nameof(num_batches_tracked), num_batches_tracked);
        }

        /// <summary>The learned scale [C], or null.</summary>
        internal Parameter? weight { get; }

        /// <summary>The learned shift [C], or null.</summary>
        internal Parameter? bias { get; }

        /// <summary>Running mean [C], or null.</summary>
        internal torch.Tensor? running_mean { get; }

        /// <summary>Running unbiased variance [C], or null.</summary>
        internal torch.Tensor? running_var { get; }

        /// <summary>Batches seen in training mode: an int64 scalar, or null.</summary>
        internal torch.Tensor? num_batches_tracked { get; }

        /// <summary>Sets the running statistics back to mean 0 and variance 1.</summary>
        public void reset_running_stats()
        {
            if (running_mean is null || running_var is null || num_batches_tracked is null)
                return;
            torch.nn.init.zeros_(running_mean);
            torch.nn.init.ones_(running_var);
            torch.nn.init.zeros_(num_batches_tracked);
        }

        /// <inheritdoc/>
        /// <exception cref="ArgumentException">The input is not [N, num_features, H, W].</exception>
        public override torch.Tensor forward(torch.Tensor input)
        {
            ArgumentNullException.ThrowIfNull(input);
            if (input.dim() != 4 || input.size(1) != _features)
                throw new ArgumentException($"BatchNorm2d: expected [N, {_features}, H, W], got [{string.Join(", ", input.shape)}].", nameof(input));
            return BatchNormalization.Forward(input, this, training || running_mean is null, training, _momentum, _eps);
        }
    }
}
