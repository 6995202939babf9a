using KdRobust.Torch.Interop;
using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            /// <summary>Adam (Kingma and Ba, arXiv 1412.6980).</summary>
            /// <param name="parameters">What to train.</param>
            /// <param name="lr">Learning rate, at least 0.</param>
            /// <param name="beta1">Weight of the past in the mean of gradients, in [0, 1).</param>
            /// <param name="beta2">Weight of the past in the mean of squared gradients, in [0, 1).</param>
            /// <param name="eps">Added to the denominator, at least 0.</param>
            /// <param name="weight_decay">L2 penalty, at least 0.</param>
            /// <param name="amsgrad">Whether the largest mean square so far is used.</param>
            /// <param name="maximize">Whether to climb.</param>
            public static Adam Adam(IEnumerable<Parameter> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            /// <summary>Adam over groups with their own options.</summary>
            public static Adam Adam(IEnumerable<Adam.ParamGroup> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            /// <summary>Adam whose weights decay apart from the gradient (Loshchilov and Hutter, arXiv 1711.05101).</summary>
            public static AdamW AdamW(IEnumerable<Parameter> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            /// <summary>AdamW over groups with their own options.</summary>
            public static AdamW AdamW(IEnumerable<AdamW.ParamGroup> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Adam: one native call a group and step.</summary>
    public partial class Adam : OptimizerHelper, torch.optim.IBetas
    {
        /// <summary>One group of these parameters.</summary>
        public Adam(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
        {
        }

        /// <summary>Several groups; options they leave open are those given here.</summary>
        public Adam(IEnumerable<ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : base(new Options
            {
                LearningRate = NonNegative(lr, nameof(Adam), nameof(lr)),
                beta1 = Coefficient(beta1, nameof(beta1)),
                beta2 = Coefficient(beta2, nameof(beta2)),
                eps = NonNegative(eps, nameof(Adam), nameof(eps)),
                weight_decay = NonNegative(weight_decay, nameof(Adam), nameof(weight_decay)),
                amsgrad = amsgrad,
                maximize = maximize,
            })
        {
            ArgumentNullException.ThrowIfNull(parameters);
            AddGroups(parameters);
        }

        /// <summary>The coefficients of new groups.</summary>
        public (double, double) Betas
        {
            get => (((Options)Defaults).beta1 ?? 0, ((Options)Defaults).beta2 ?? 0);
            set => (((Options)Defaults).beta1, ((Options)Defaults).beta2) = value;
        }

        /// <summary>Whether weights decay apart from the gradient.</summary>
        private protected virtual bool Decoupled => false;

        private protected override void Step(Members members)
        {
            var options = (Options)members.Group.Chosen;
            var states = members.States.Cast<State>().ToArray();
            var steps = Array.ConvertAll(states, state => state.step);
            using var parameters = new TensorList(members.Parameters);
            using var means = new TensorList(Array.ConvertAll(states, state => state.exp_avg));
            using var squares = new TensorList(Array.ConvertAll(states, state => state.exp_avg_sq));
            using var maxima = new TensorList(options.amsgrad == true ? Array.ConvertAll(states, state => state.max_exp_avg_sq) : []);
            var status = Native.kt_optim_adam_step(parameters.Pointers, means.Pointers, squares.Pointers, maxima.Count > 0 ? maxima.Pointers : null,
                steps, parameters.Count, members.Group.LearningRate, options.beta1 ?? 0, options.beta2 ?? 0, options.eps ?? 0, options.weight_decay ?? 0,
                Decoupled, options.maximize ?? false);
            for (var i = 0; i < states.Length; i++)
                states[i].step = steps[i];
            Native.Check(status);
        }

        private protected override OptimizerOptions NewOptions() => new Options();

        private protected override OptimizerState NewState(Parameter parameter, OptimizerOptions options) => new State(parameter, ((Options)options).amsgrad == true);

        private protected override void CheckGroup(Modules.ParamGroup group) => CheckGroup<ParamGroup>(group);

        private static double Coefficient(double value, string name) =>
            value is >= 0 and < 1 ? value : throw new ArgumentOutOfRangeException(name, value, $"Adam: {name} must lie in [0, 1).");

        /// <summary>A group of parameters.</summary>
        public class ParamGroup : ParamGroup<Options>, torch.optim.IBetas
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
            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
                : base(parameters, new Options { LearningRate = lr, beta1 = beta1, beta2 = beta2, eps = eps, weight_decay = weight_decay, amsgrad = amsgrad, maximize = maximize })
            {
            }

            /// <inheritdoc/>
            public (double, double) Betas
            {
                get => (Options.beta1 ?? 0, Options.beta2 ?? 0);
                set => (Options.beta1, Options.beta2) = value;
            }
        }
    }

    /// <summary>Adam whose weights decay apart from the gradient.</summary>
    public class AdamW : Adam
    {
        /// <summary>One group of these parameters.</summary>
        public AdamW(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : base(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
        {
        }

        /// <summary>Several groups; options they leave open are those given here.</summary>
        public AdamW(IEnumerable<ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : base(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
        {
        }

        private protected override bool Decoupled => true;
    }
}
