using KdRobust.Torch.Interop;
using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            /// <summary>Stochastic gradient descent.</summary>
            /// <param name="parameters">What to train.</param>
            /// <param name="learningRate">At least 0.</param>
            /// <param name="momentum">At least 0.</param>
            /// <param name="dampening">Taken off the gradient's weight in the momentum buffer.</param>
            /// <param name="weight_decay">L2 penalty, at least 0.</param>
            /// <param name="nesterov">Nesterov's momentum; needs a momentum and no dampening.</param>
            /// <param name="maximize">Whether to climb.</param>
            public static SGD SGD(IEnumerable<Parameter> parameters, double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);

            /// <summary>Stochastic gradient descent over groups with their own options.</summary>
            public static SGD SGD(IEnumerable<SGD.ParamGroup> parameters, double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Stochastic gradient descent with momentum: one native call a group and step.</summary>
    public class SGD : OptimizerHelper, torch.optim.IMomentum
    {
        /// <summary>One group of these parameters.</summary>
        public SGD(IEnumerable<Parameter> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
            : this([new ParamGroup { Parameters = parameters }], lr, momentum, dampening, weight_decay, nesterov, maximize)
        {
        }

        /// <summary>Several groups; options they leave open are those given here.</summary>
        public SGD(IEnumerable<ParamGroup> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
            : base(new Options
            {
                LearningRate = NonNegative(lr, nameof(SGD), nameof(lr)),
                momentum = NonNegative(momentum, nameof(SGD), nameof(momentum)),
                dampening = dampening,
                weight_decay = NonNegative(weight_decay, nameof(SGD), nameof(weight_decay)),
                nesterov = nesterov,
                maximize = maximize,
            })
        {
            ArgumentNullException.ThrowIfNull(parameters);
            if (nesterov && (momentum <= 0 || dampening != 0))
                throw new ArgumentException($"SGD: nesterov needs a momentum above 0 and no dampening, got momentum {momentum} and dampening {dampening}.", nameof(nesterov));
            AddGroups(parameters);
        }

        /// <summary>The momentum of new groups.</summary>
        public double Momentum
        {
            get => ((Options)Defaults).momentum ?? 0;
            set => ((Options)Defaults).momentum = value;
        }

        private protected override void Step(Members members)
        {
            var options = (Options)members.Group.Chosen;
            using var parameters = new TensorList(members.Parameters);
            using var buffers = new TensorList([.. members.States.Select(state => ((State)state).momentum_buffer)]);
            var status = Native.kt_optim_sgd_step(parameters.Pointers, buffers.Pointers, parameters.Count, members.Group.LearningRate,
                options.momentum ?? 0, options.dampening ?? 0, options.weight_decay ?? 0, options.nesterov ?? false, options.maximize ?? false);

            // Buffers made before a failure are kept too, so that they are freed with the optimizer.
            for (var i = 0; i < members.States.Length; i++)
            {
                var state = (State)members.States[i];
                if (state.momentum_buffer is null && buffers.Pointers[i] != IntPtr.Zero)
                    state.momentum_buffer = Native.Own(buffers.Pointers[i]).DetachFromDisposeScope();
            }
            Native.Check(status);
        }

        private protected override OptimizerOptions NewOptions() => new Options();

        private protected override OptimizerState NewState(Parameter parameter, OptimizerOptions options) => new State(parameter);

        private protected override void CheckGroup(Modules.ParamGroup group) => CheckGroup<ParamGroup>(group);

        /// <summary>Options of a group; null takes the optimizer's.</summary>
        public class Options : OptimizerOptions
        {
            /// <summary>Weight of the past in the momentum buffer.</summary>
            public double? momentum;

            /// <summary>Taken off the gradient's weight in the momentum buffer.</summary>
            public double? dampening;

            /// <summary>L2 penalty.</summary>
            public double? weight_decay;

            /// <summary>Nesterov's momentum.</summary>
            public bool? nesterov;

            /// <summary>Whether to climb.</summary>
            public bool? maximize;

            internal override IEnumerable<(string Name, double Value, bool IsSwitch)> Numbers() =>
            [
                .. base.Numbers(), ("momentum", momentum ?? 0, false), ("dampening", dampening ?? 0, false), ("weight_decay", weight_decay ?? 0, false),
                ("nesterov", nesterov == true ? 1 : 0, true), ("maximize", maximize == true ? 1 : 0, true),
            ];

            internal override void Set(string name, double value)
            {
                switch (name)
                {
                    case "momentum": momentum = value; break;
                    case "dampening": dampening = value; break;
                    case "weight_decay": weight_decay = value; break;
                    case "nesterov": nesterov = value != 0; break;
                    case "maximize": maximize = value != 0; break;
                    default: base.Set(name, value); break;
                }
            }

            internal override void Complete(OptimizerOptions defaults)
            {
                base.Complete(defaults);
                var given = (Options)defaults;
                momentum ??= given.momentum;
                dampening ??= given.dampening;
                weight_decay ??= given.weight_decay;
                nesterov ??= given.nesterov;
                maximize ??= given.maximize;
            }
        }

        /// <summary>A group of parameters.</summary>
        public class ParamGroup : ParamGroup<Options>, torch.optim.IMomentum
        {
            /// <summary>An empty group with open options.</summary>
            public ParamGroup()
            {
            }

            /// <summary>A group with these options.</summary>
            public ParamGroup(IEnumerable<Parameter> parameters, Options options)
                : base(parameters, options)
            {
            }

            /// <summary>A group with all options given.</summary>
            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1e-3, double momentum = 0.0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
                : base(parameters, new Options { LearningRate = lr, momentum = momentum, dampening = dampening, weight_decay = weight_decay, nesterov = nesterov, maximize = maximize })
            {
            }

            /// <inheritdoc/>
            public double Momentum
            {
                get => Options.momentum ?? 0;
                set => Options.momentum = value;
            }
        }

        /// <summary>The momentum buffer of one parameter.</summary>
        public class State : OptimizerState
        {
            private readonly Parameter _parameter;

            internal State(Parameter parameter) => _parameter = parameter;

            /// <summary>The running sum of gradients; null before the first step with momentum.</summary>
            public torch.Tensor? momentum_buffer;

            internal override IReadOnlyList<string> RequiredNames => [];

            internal override IReadOnlyList<string> OptionalNames => ["momentum_buffer"];

            /// <inheritdoc/>
            public override void SaveStateDict(BinaryWriter writer)
            {
                ArgumentNullException.ThrowIfNull(writer);
                writer.Write(momentum_buffer is not null);
                if (momentum_buffer is null)
                    return;
                // TorchSharp writes the shape twice here: once plainly, once in the tensor.
                writer.Write(momentum_buffer.shape.Length);
                foreach (var size in momentum_buffer.shape)
                    writer.Write(size);
                StateFile.WriteTensor(writer, momentum_buffer);
            }

            /// <inheritdoc/>
            public override void LoadStateDict(BinaryReader reader)
            {
                ArgumentNullException.ThrowIfNull(reader);
                using var scope = torch.NewDisposeScope();
                if (!reader.ReadBoolean())
                {
                    Assign(new Dictionary<string, torch.Tensor>());
                    return;
                }
                var rank = reader.ReadInt32();
                if (rank != _parameter.shape.Length)
                    throw new InvalidDataException($"SGD: the momentum buffer has {rank} dimensions, the parameter [{string.Join(", ", _parameter.shape)}].");
                reader.ReadBytes(rank * sizeof(long));
                Assign(new Dictionary<string, torch.Tensor> { ["momentum_buffer"] = StateFile.ReadTensor(reader) });
            }

            /// <inheritdoc/>
            public override void to(torch.Device device) => Move(momentum_buffer, device);

            internal override void Free() => momentum_buffer?.Dispose();

            internal override IEnumerable<(string Name, torch.Tensor Value)> Tensors() =>
                momentum_buffer is null ? [] : [("momentum_buffer", TensorData.Alias(momentum_buffer))];

            internal override void Assign(IReadOnlyDictionary<string, torch.Tensor> values)
            {
                var replacement = values.TryGetValue("momentum_buffer", out var value) ? Replacement(value, _parameter) : null;
                momentum_buffer?.Dispose();
                momentum_buffer = replacement;
            }
        }
    }
}
