using System.Collections;
using System.Globalization;
using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>A list of modules, named 0, 1, ...</summary>
            public static ModuleList<Module> ModuleList(params Module[] modules) => new(modules);

            /// <summary>A list of modules of one type, named 0, 1, ...</summary>
            public static ModuleList<T> ModuleList<T>(params T[] modules) where T : Module => new(modules);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>A list whose items are registered as submodules by their index.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    public sealed class ModuleList<T> : torch.nn.Module, IReadOnlyList<T>
        where T : torch.nn.Module
    {
        private readonly List<T> _items = [];

        /// <summary>Creates a list of these modules.</summary>
        public ModuleList(params T[] modules)
            : base("ModuleList")
        {
            ArgumentNullException.ThrowIfNull(modules);
            foreach (var module in modules)
                Add(module);
        }

        /// <summary>Items in the list.</summary>
        public int Count => _items.Count;

        /// <summary>The item at an index, from 0.</summary>
        public T this[int index]
        {
            get => _items[index];
            set
            {
                _items[index] = value;
                ReplaceModule(index.ToString(CultureInfo.InvariantCulture), value);
            }
        }

        /// <summary>Adds a module at the end.</summary>
        public void Add(T item)
        {
            register_module(_items.Count.ToString(CultureInfo.InvariantCulture), item);
            _items.Add(item);
        }

        /// <summary>Adds modules at the end.</summary>
        public void append(params T[] parameters)
        {
            ArgumentNullException.ThrowIfNull(parameters);
            foreach (var module in parameters)
                Add(module);
        }

        /// <inheritdoc/>
        public IEnumerator<T> GetEnumerator() => _items.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
