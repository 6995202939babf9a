using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>
        /// A node of a network: its own parameters and buffers, and submodules by name. The names, joined by dots,
        /// are PyTorch's state-dict keys.
        /// </summary>
        /// <remarks>
        /// A module owns its tensors: registering one takes it out of the dispose scope it was made in, and
        /// <see cref="Dispose()"/> frees all of them. Converting to another type or device keeps every
        /// <see cref="Parameter"/> object, so optimizers and fields stay valid.
        /// </remarks>
        public abstract partial class Module : IDisposable
        {
            private readonly string _name;
            private readonly OrderedDictionary<string, Parameter?> _parameters = [];
            private readonly OrderedDictionary<string, (Tensor? Tensor, bool Persistent)> _buffers = [];
            private readonly OrderedDictionary<string, Module> _submodules = [];
            private bool _disposed;

            /// <summary>Creates a module.</summary>
            /// <param name="name">Its kind, as <see cref="GetName"/> and error messages show it.</param>
            protected Module(string name)
            {
                ArgumentNullException.ThrowIfNull(name);
                _name = name;
            }

            /// <summary>Whether the module is in training mode (batch statistics, dropout active). True when created.</summary>
            public virtual bool training { get; private set; } = true;

            /// <summary>The kind of module, as given to the constructor.</summary>
            public virtual string GetName() => _name;

            /// <summary>Sets training mode on this module and all submodules.</summary>
            public virtual void train(bool train = true)
            {
                training = train;
                foreach (var submodule in _submodules.Values)
                    submodule.train(train);
            }

            /// <summary>Sets evaluation mode: the same as <c>train(false)</c>.</summary>
            public virtual void eval() => train(false);

            /// <summary>Clears the gradients of all parameters.</summary>
            /// <param name="set_to_none">True drops the gradient tensors; false fills them with zero.</param>
            public virtual void zero_grad(bool set_to_none = true) =>
                Gradients.Clear([.. parameters()], set_to_none);

            /// <summary>Calls <paramref name="fn"/> on every submodule, innermost first, and last on this module.</summary>
            /// <returns>This module.</returns>
            public virtual Module apply(Action<Module> fn)
            {
                ArgumentNullException.ThrowIfNull(fn);
                foreach (var submodule in _submodules.Values)
                    submodule.apply(fn);
                fn(this);
                return this;
            }

            /// <summary>Frees the tensors of this module and of all submodules.</summary>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Frees the tensors of this module and of all submodules; a second call does nothing.</summary>
            protected virtual void Dispose(bool disposing)
            {
                if (!disposing || _disposed)
                    return;
                _disposed = true;
                foreach (var submodule in _submodules.Values)
                    submodule.Dispose();
                foreach (var parameter in _parameters.Values)
                    parameter?.Dispose();
                foreach (var (tensor, _) in _buffers.Values)
                    tensor?.Dispose();
            }
        }
    }
}
