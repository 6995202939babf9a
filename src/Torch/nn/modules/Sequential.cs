using System.Globalization;
using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>An empty chain of modules.</summary>
            public static Sequential Sequential() => new();

            /// <summary>A chain of modules, named 0, 1, ...</summary>
            public static Sequential Sequential(params Module<Tensor, Tensor>[] modules) => Sequential((IEnumerable<Module<Tensor, Tensor>>)modules);

            /// <summary>A chain of named modules.</summary>
            public static Sequential Sequential(params (string name, Module<Tensor, Tensor> submodule)[] modules) => Sequential((IEnumerable<(string, Module<Tensor, Tensor>)>)modules);

            /// <summary>A chain of modules, named 0, 1, ...</summary>
            public static Sequential Sequential(IEnumerable<Module<Tensor, Tensor>> modules)
            {
                ArgumentNullException.ThrowIfNull(modules);
                var chain = new Sequential();
                foreach (var module in modules)
                    chain.append(module);
                return chain;
            }

            /// <summary>A chain of named modules.</summary>
            public static Sequential Sequential(IEnumerable<(string name, Module<Tensor, Tensor> submodule)> modules)
            {
                ArgumentNullException.ThrowIfNull(modules);
                var chain = new Sequential();
                foreach (var (name, module) in modules)
                    chain.append(name, module);
                return chain;
            }
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Modules applied one after another.</summary>
    public sealed class Sequential : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        private readonly List<torch.nn.Module<torch.Tensor, torch.Tensor>> _chain = [];

        internal Sequential()
            : base(nameof(Sequential))
        {
        }

        /// <summary>Modules in the chain.</summary>
        public int Count => _chain.Count;

        /// <summary>Adds a module at the end, named by its place.</summary>
        internal Sequential append(torch.nn.Module<torch.Tensor, torch.Tensor> module) =>
            append(_chain.Count.ToString(CultureInfo.InvariantCulture), module);

        /// <summary>Adds a named module at the end.</summary>
        internal Sequential append(string name, torch.nn.Module<torch.Tensor, torch.Tensor> module)
        {
            register_module(name, module);
            _chain.Add(module);
            return this;
        }

        /// <summary>The output of the last module; tensors between two modules are freed unless the graph needs them.</summary>
        public override torch.Tensor forward(torch.Tensor input)
        {
            if (_chain.Count == 0)
                return TensorData.Alias(input);
            var current = input;
            foreach (var module in _chain)
            {
                var next = module.call(current);
                if (!ReferenceEquals(current, input) && !ReferenceEquals(current, next))
                    current.Dispose();
                current = next;
            }
            return current;
        }
    }
}
