namespace TorchSharp.Modules;

public partial class Adam
{
    /// <summary>Options of a group; null takes the optimizer's.</summary>
    public class Options : OptimizerOptions
    {
        /// <summary>Weight of the past in the mean of gradients.</summary>
        public double? beta1;

        /// <summary>Weight of the past in the mean of squared gradients.</summary>
        public double? beta2;

        /// <summary>Weight decay.</summary>
        public double? weight_decay;

        /// <summary>Added to the denominator.</summary>
        public double? eps;

        /// <summary>Whether the largest mean square so far is used; fixed when the group is added.</summary>
        public bool? amsgrad;

        /// <summary>Whether to climb.</summary>
        public bool? maximize;

        internal override IEnumerable<(string Name, double Value, bool IsSwitch)> Numbers() =>
        [
            .. base.Numbers(), ("beta1", beta1 ?? 0, false), ("beta2", beta2 ?? 0, false), ("eps", eps ?? 0, false), ("weight_decay", weight_decay ?? 0, false),
            ("amsgrad", amsgrad == true ? 1 : 0, true), ("maximize", maximize == true ? 1 : 0, true),
        ];

        internal override void Set(string name, double value)
        {
            switch (name)
            {
                case "beta1": beta1 = value; break;
                case "beta2": beta2 = value; break;
                case "eps": eps = value; break;
                case "weight_decay": weight_decay = value; break;
                case "maximize": maximize = value != 0; break;
                case "amsgrad":
                    if (amsgrad is not null && amsgrad != (value != 0))
                        throw new InvalidDataException($"Adam: the stored state has amsgrad = {value != 0}, the optimizer {amsgrad}.");
                    amsgrad = value != 0;
                    break;
                default: base.Set(name, value); break;
            }
        }

        internal override void Complete(OptimizerOptions defaults)
        {
            base.Complete(defaults);
            var given = (Options)defaults;
            beta1 ??= given.beta1;
            beta2 ??= given.beta2;
            eps ??= given.eps;
            weight_decay ??= given.weight_decay;
            amsgrad ??= given.amsgrad;
            maximize ??= given.maximize;
        }
    }

    /// <summary>Step count and moments of one parameter.</summary>
    public class State : OptimizerState
    {
        internal State(Parameter parameter, bool amsgrad)
        {
            using var guard = torch.no_grad();
            exp_avg = torch.zeros_like(parameter).DetachFromDisposeScope();
            exp_avg_sq = torch.zeros_like(parameter).DetachFromDisposeScope();
            max_exp_avg_sq = amsgrad ? torch.zeros_like(parameter).DetachFromDisposeScope() : null;
        }

        /// <summary>Steps taken with a gradient.</summary>
        public long step;

        /// <summary>The running mean of gradients.</summary>
        public torch.Tensor exp_avg;

        /// <summary>The running mean of squared gradients.</summary>
        public torch.Tensor exp_avg_sq;

        /// <summary>The largest running mean of squares so far; null without amsgrad.</summary>
        public torch.Tensor? max_exp_avg_sq;

        internal override IReadOnlyList<string> RequiredNames =>
            max_exp_avg_sq is null ? ["step", "exp_avg", "exp_avg_sq"] : ["step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"];

        internal override IReadOnlyList<string> OptionalNames => [];

        /// <inheritdoc/>
        public override void SaveStateDict(BinaryWriter writer)
        {
            ArgumentNullException.ThrowIfNull(writer);
            writer.Write(step);
            StateFile.WriteTensor(writer, exp_avg);
            StateFile.WriteTensor(writer, exp_avg_sq);
            writer.Write(max_exp_avg_sq is not null);
            if (max_exp_avg_sq is not null)
                StateFile.WriteTensor(writer, max_exp_avg_sq);
        }

        /// <inheritdoc/>
        public override void LoadStateDict(BinaryReader reader)
        {
            ArgumentNullException.ThrowIfNull(reader);
            using var scope = torch.NewDisposeScope();
            var steps = reader.ReadInt64();
            var values = new Dictionary<string, torch.Tensor>
            {
                ["exp_avg"] = StateFile.ReadTensor(reader),
                ["exp_avg_sq"] = StateFile.ReadTensor(reader),
            };
            if (reader.ReadBoolean())
                values["max_exp_avg_sq"] = StateFile.ReadTensor(reader);
            Assign(values);
            step = steps;
        }

        /// <inheritdoc/>
        public override void to(torch.Device device)
        {
            Move(exp_avg, device);
            Move(exp_avg_sq, device);
            Move(max_exp_avg_sq, device);
        }

        internal override void Free()
        {
            exp_avg.Dispose();
            exp_avg_sq.Dispose();
            max_exp_avg_sq?.Dispose();
        }

        internal override IEnumerable<(string Name, torch.Tensor Value)> Tensors()
        {
            // A floating-point scalar as in PyTorch, but of double precision: exact beyond 2^24 steps.
            yield return ("step", torch.full([], (double)step, torch.ScalarType.Float64, torch.CPU));
            yield return ("exp_avg", TensorData.Alias(exp_avg));
            yield return ("exp_avg_sq", TensorData.Alias(exp_avg_sq));
            if (max_exp_avg_sq is not null)
                yield return ("max_exp_avg_sq", TensorData.Alias(max_exp_avg_sq));
        }

        internal override void Assign(IReadOnlyDictionary<string, torch.Tensor> values)
        {
            if (values.TryGetValue("step", out var steps))
            {
                using var number = steps.to(torch.ScalarType.Float64);
                step = (long)number.item<double>();
            }
            exp_avg = Take("exp_avg", exp_avg);
            exp_avg_sq = Take("exp_avg_sq", exp_avg_sq);
            if (max_exp_avg_sq is not null)
                max_exp_avg_sq = Take("max_exp_avg_sq", max_exp_avg_sq);

            torch.Tensor Take(string name, torch.Tensor old)
            {
                var replacement = Replacement(values[name], old);
                old.Dispose();
                return replacement;
            }
        }
    }
}
