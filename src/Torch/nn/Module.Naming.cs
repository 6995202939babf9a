using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public abstract partial class Module
        {
            /// <summary>Parameters with their state-dict keys, own ones first, each tensor once.</summary>
            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
            {
                var seen = new HashSet<Parameter>(ReferenceEqualityComparer.Instance);
                foreach (var (prefix, owner) in Owners(recurse))
                {
                    foreach (var (name, parameter) in owner._parameters)
                    {
                        if (parameter is not null && seen.Add(parameter))
                            yield return (prefix + name, parameter);
                    }
                }
            }

            /// <summary>Parameters in the order of <see cref="named_parameters"/>.</summary>
            public virtual IEnumerable<Parameter> parameters(bool recurse = true)
            {
                foreach (var (_, parameter) in named_parameters(recurse))
                    yield return parameter;
            }

            /// <summary>Buffers with their state-dict keys, own ones first, each tensor once.</summary>
            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true)
            {
                var seen = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
                foreach (var (prefix, owner) in Owners(recurse))
                {
                    foreach (var (name, (tensor, persistent)) in owner._buffers)
                    {
                        if (tensor is not null && (persistent || include_nonpersistent) && seen.Add(tensor))
                            yield return (prefix + name, tensor);
                    }
                }
            }

            /// <summary>Buffers in the order of <see cref="named_buffers"/>.</summary>
            public virtual IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true)
            {
                foreach (var (_, buffer) in named_buffers(recurse, include_nonpersistent))
                    yield return buffer;
            }

            /// <summary>The direct submodules by name.</summary>
            public virtual IEnumerable<(string name, Module module)> named_children()
            {
                foreach (var (name, submodule) in _submodules)
                    yield return (name, submodule);
            }

            /// <summary>
            /// All submodules below this one, without itself: first the direct ones, then those below each, in
            /// TorchSharp's order (PyTorch's own order is depth first).
            /// </summary>
            public virtual IEnumerable<(string name, Module module)> named_modules()
            {
                foreach (var (name, submodule) in _submodules)
                    yield return (name, submodule);
                foreach (var (prefix, submodule) in _submodules)
                {
                    foreach (var (name, module) in submodule.named_modules())
                        yield return ($"{prefix}.{name}", module);
                }
            }

            /// <summary>The modules of <see cref="named_modules"/>.</summary>
            public virtual IEnumerable<Module> modules()
            {
                foreach (var (_, module) in named_modules())
                    yield return module;
            }

            /// <summary>The direct submodules.</summary>
            public virtual IEnumerable<Module> children()
            {
                foreach (var (_, module) in named_children())
                    yield return module;
            }

            /// <summary>This module and those below it, depth first, with the prefix of their keys: PyTorch's order.</summary>
            private IEnumerable<(string Prefix, Module Owner)> Owners(bool recurse, string prefix = "")
            {
                yield return (prefix, this);
                if (!recurse)
                    yield break;
                foreach (var (name, submodule) in _submodules)
                {
                    foreach (var below in submodule.Owners(recurse, $"{prefix}{name}."))
                        yield return below;
                }
            }
        }
    }
}
