using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>A convolution over images [N, in_channels, H, W] with a square kernel.</summary>
            /// <param name="in_channels">Channels of the input; a multiple of <paramref name="groups"/>.</param>
            /// <param name="out_channels">Channels of the output; a multiple of <paramref name="groups"/>.</param>
            /// <param name="kernel_size">Side of the kernel.</param>
            /// <param name="stride">Step of the kernel.</param>
            /// <param name="padding">Pixels added on every side. Write 0L or leave it out: a literal 0 also means <see cref="Padding.Valid"/>.</param>
            /// <param name="dilation">Distance between the kernel's taps.</param>
            /// <param name="padding_mode">Values of the added pixels.</param>
            /// <param name="groups">Groups of channels convolved apart.</param>
            /// <param name="bias">Whether a bias is added per output channel.</param>
            /// <param name="device">Where the weights live; null is the CPU.</param>
            /// <param name="dtype">Their element type; null is float32.</param>
            public static Conv2d Conv2d(long in_channels, long out_channels, long kernel_size, long stride = 1, long padding = 0, long dilation = 1, PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                new(new(in_channels, out_channels, (kernel_size, kernel_size), (stride, stride), (padding, padding), (dilation, dilation), padding_mode, groups), bias, device, dtype);

            /// <summary>A convolution with a rectangular kernel.</summary>
            public static Conv2d Conv2d(long in_channels, long out_channels, (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null, (long, long)? dilation = null, PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                new(new(in_channels, out_channels, kernel_size, stride ?? (1, 1), padding ?? (0, 0), dilation ?? (1, 1), padding_mode, groups), bias, device, dtype);

            /// <summary>A convolution with padding by name. <see cref="Padding.Same"/> needs stride 1 and an odd extent of the kernel.</summary>
            public static Conv2d Conv2d(long in_channels, long out_channels, long kernel_size, Padding padding, long stride = 1, long dilation = 1, PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, Device? device = null, ScalarType? dtype = null)
            {
                var extent = dilation * (kernel_size - 1);
                if (padding == Padding.Same && (stride != 1 || extent % 2 != 0))
                    throw new ArgumentException($"Padding.Same needs stride 1 and an odd kernel extent, got stride {stride}, kernel_size {kernel_size}, dilation {dilation}.", nameof(padding));
                var pixels = padding == Padding.Same ? extent / 2 : 0;
                return Conv2d(in_channels, out_channels, kernel_size, stride, pixels, dilation, padding_mode, groups, bias, device, dtype);
            }
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>What a convolution is made of.</summary>
    internal sealed record ConvolutionShape(
        long InChannels, long OutChannels, (long, long) Kernel, (long, long) Stride, (long, long) Padding, (long, long) Dilation, PaddingModes PaddingMode, long Groups)
    {
        internal static void Validate(ConvolutionShape shape)
        {
            if (shape.Groups < 1 || shape.InChannels < 1 || shape.OutChannels < 1 || shape.InChannels % shape.Groups != 0 || shape.OutChannels % shape.Groups != 0)
                throw new ArgumentException($"Conv2d: in_channels and out_channels must be positive multiples of groups, got {shape.InChannels}, {shape.OutChannels} and {shape.Groups}.", nameof(shape));
            if (shape.Kernel is not ( > 0, > 0) || shape.Stride is not ( > 0, > 0) || shape.Dilation is not ( > 0, > 0) || shape.Padding is not ( >= 0, >= 0))
                throw new ArgumentException($"Conv2d: kernel_size {shape.Kernel}, stride {shape.Stride} and dilation {shape.Dilation} must be positive and padding {shape.Padding} not negative.", nameof(shape));
        }
    }

    /// <summary>A two-dimensional convolution with parameters weight [out, in/groups, kH, kW] and bias [out].</summary>
    public sealed class Conv2d : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        private readonly ConvolutionShape _shape;
        private readonly long[] _strides, _padding, _dilation, _paddedSides;

        internal Conv2d(ConvolutionShape shape, bool hasBias, torch.Device? device, torch.ScalarType? dtype)
            : base(nameof(Conv2d))
        {
            ConvolutionShape.Validate(shape);
            _shape = shape;
            _strides = [shape.Stride.Item1, shape.Stride.Item2];
            _dilation = [shape.Dilation.Item1, shape.Dilation.Item2];
            var zeros = shape.PaddingMode is PaddingModes.Zeros or PaddingModes.Constant;
            _padding = zeros ? [shape.Padding.Item1, shape.Padding.Item2] : [0, 0];
            _paddedSides = zeros ? [] : [shape.Padding.Item2, shape.Padding.Item2, shape.Padding.Item1, shape.Padding.Item1];

            weight = new Parameter(torch.empty([shape.OutChannels, shape.InChannels / shape.Groups, shape.Kernel.Item1, shape.Kernel.Item2], dtype, device));
            bias = hasBias ? new Parameter(torch.empty([shape.OutChannels], dtype, device)) : null;
            register_parameter(nameof(weight), weight);
            register_parameter(nameof(bias), bias);
            reset_parameters();
        }

        /// <summary>[out_channels, in_channels / groups, kernel height, kernel width].</summary>
        public Parameter weight
        {
            get;
            set
            {
                ArgumentNullException.ThrowIfNull(value);
                if (field is not null)
                    ReplaceParameter(nameof(weight), value);
                field = value;
            }
        }

        /// <summary>[out_channels], or null.</summary>
        public Parameter? bias
        {
            get;
            set
            {
                if (field is not null)
                    ReplaceParameter(nameof(bias), value);
                field = value;
            }
        }

        /// <summary>Channels of the input.</summary>
        public long in_channels => _shape.InChannels;

        /// <summary>Channels of the output.</summary>
        public long out_channels => _shape.OutChannels;

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor input)
        {
            if (_paddedSides.Length == 0)
                return torch.nn.functional.conv2d(input, weight, bias, _strides, _padding, _dilation, _shape.Groups);
            using var padded = torch.nn.functional.pad(input, _paddedSides, _shape.PaddingMode);
            return torch.nn.functional.conv2d(padded, weight, bias, _strides, _padding, _dilation, _shape.Groups);
        }

        private void reset_parameters()
        {
            torch.nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
            if (bias is not null)
                LinearInitialization.Bias(bias, weight);
        }
    }
}
