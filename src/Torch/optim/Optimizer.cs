using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Optimizers and their schedules.</summary>
    public static partial class optim
    {
        /// <summary>Updates parameters from their gradients.</summary>
        public abstract class Optimizer : IDisposable
        {
            private protected Optimizer()
            {
            }

            /// <summary>The groups of parameters, each with its own learning rate.</summary>
            public virtual IEnumerable<ILearningRateController> ParamGroups => _parameter_groups;

            /// <summary>The groups, in the order they were added.</summary>
            private protected IList<ParamGroup> _parameter_groups { get; } = [];

            /// <summary>The parameters of all groups.</summary>
            public virtual IEnumerable<Parameter> parameters() => _parameter_groups.SelectMany(group => group.Parameters);

            /// <summary>Drops the gradients of all parameters.</summary>
            public virtual void zero_grad() => Gradients.Clear([.. parameters()], set_to_none: true);

            /// <summary>Updates every parameter that has a gradient.</summary>
            /// <param name="closure">Computes loss and gradients first, when given.</param>
            /// <returns>The closure's loss, or null.</returns>
            public virtual Tensor? step(Func<Tensor>? closure = null)
            {
                Tensor? loss = null;
                if (closure is not null)
                {
                    using var guard = enable_grad();
                    loss = closure();
                }
                Update();
                return loss;
            }

            /// <summary>Adds a group; options it leaves open are those of the optimizer.</summary>
            /// <exception cref="ArgumentException">The group is of another optimizer, or a parameter is in a group already.</exception>
            public virtual void add_param_group(ParamGroup param_group)
            {
                ArgumentNullException.ThrowIfNull(param_group);
                AddGroup(param_group);
            }

            private protected abstract void Update();

            private protected abstract void AddGroup(ParamGroup param_group);

            /// <summary>Frees the optimizer's state.</summary>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Frees the optimizer's state.</summary>
            protected virtual void Dispose(bool disposing)
            {
            }

            /// <summary>Options by group, and state by parameter in the order of <see cref="parameters"/>.</summary>
            public class StateDictionary
            {
                internal StateDictionary(List<OptimizerOptions> options, List<OptimizerState> state)
                {
                    Options = options;
                    State = state;
                }

                /// <summary>One entry a group.</summary>
                public List<OptimizerOptions> Options { get; }

                /// <summary>One entry a parameter.</summary>
                public List<OptimizerState> State { get; }
            }
        }

        /// <summary>Something with a learning rate that a schedule sets.</summary>
        public interface ILearningRateController
        {
            /// <summary>The present learning rate.</summary>
            double LearningRate { get; set; }

            /// <summary>The rate that schedules start from.</summary>
            double InitialLearningRate { get; set; }
        }

        /// <summary>Something with a momentum that a schedule may set.</summary>
        public interface IMomentum
        {
            /// <summary>The present momentum.</summary>
            double Momentum { get; set; }
        }

        /// <summary>Something with Adam's coefficients, of which a schedule may set the first.</summary>
        public interface IBetas
        {
            /// <summary>Coefficients of the running averages of the gradient and of its square.</summary>
            (double, double) Betas { get; set; }
        }
    }
}
