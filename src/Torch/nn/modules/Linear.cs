using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>An affine map of the last dimension: y = x W^T + b.</summary>
            /// <param name="inputSize">Size of the last dimension of the input.</param>
            /// <param name="outputSize">Size of the last dimension of the output.</param>
            /// <param name="hasBias">Whether b is there.</param>
            /// <param name="device">Where the weights live; null is the CPU.</param>
            /// <param name="dtype">Their element type; null is float32.</param>
            public static Linear Linear(long inputSize, long outputSize, bool hasBias = true, Device? device = null, ScalarType? dtype = null) =>
                new(inputSize, outputSize, hasBias, device, dtype);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>An affine map with parameters weight [out, in] and bias [out].</summary>
    public sealed class Linear : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal Linear(long inputSize, long outputSize, bool hasBias, torch.Device? device, torch.ScalarType? dtype)
            : base(nameof(Linear))
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(inputSize, 1);
            ArgumentOutOfRangeException.ThrowIfLessThan(outputSize, 1);
            weight = new Parameter(torch.empty([outputSize, inputSize], dtype, device));
            bias = hasBias ? new Parameter(torch.empty([outputSize], dtype, device)) : null;
            register_parameter(nameof(weight), weight);
            register_parameter(nameof(bias), bias);
            torch.nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
            if (bias is not null)
                LinearInitialization.Bias(bias, weight);
        }

        /// <summary>[outputSize, inputSize].</summary>
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

        /// <summary>[outputSize], or null.</summary>
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

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor input) => torch.nn.functional.linear(input, weight, bias);
    }

    /// <summary>PyTorch's initial bias of linear maps and convolutions: U(-1/sqrt(fan in), 1/sqrt(fan in)).</summary>
    internal static class LinearInitialization
    {
        internal static void Bias(Parameter bias, Parameter weight)
        {
            var (fanIn, _) = torch.nn.init.CalculateFanInAndFanOut(weight);
            if (fanIn == 0)
                return;
            var bound = 1 / Math.Sqrt(fanIn);
            torch.nn.init.uniform_(bias, -bound, bound);
        }
    }
}
