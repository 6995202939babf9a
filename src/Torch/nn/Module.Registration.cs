using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public abstract partial class Module
        {
            /// <summary>Adds a submodule under a name.</summary>
            /// <exception cref="ArgumentException">The name is empty, holds a dot, or is taken.</exception>
            public virtual void register_module(string name, Module submodule)
            {
                ArgumentNullException.ThrowIfNull(submodule);
                CheckName(name, "submodule");
                if (ReferenceEquals(submodule, this))
                    throw new ArgumentException($"{GetName()}: a module cannot be its own submodule '{name}'.", nameof(submodule));
                if (submodule.training != training)
                    submodule.train(training);
                _submodules.Add(name, submodule);
            }

            /// <summary>Adds a buffer: a tensor that is saved and moved with the module and is not trained.</summary>
            /// <param name="name">Its key.</param>
            /// <param name="tensor">The tensor; null reserves the name.</param>
            /// <param name="persistent">Whether it belongs to the state dict.</param>
            /// <exception cref="ArgumentException">The name is empty, holds a dot, or is taken.</exception>
            public virtual void register_buffer(string name, Tensor? tensor, bool persistent = true)
            {
                CheckName(name, "buffer");
                _buffers.Add(name, (tensor?.DetachFromDisposeScope(), persistent));
            }

            /// <summary>Adds a parameter; null reserves the name, as for a layer without a bias.</summary>
            /// <exception cref="ArgumentException">The name is empty, holds a dot, or is taken.</exception>
            public virtual void register_parameter(string name, Parameter? param)
            {
                CheckName(name, "parameter");
                param?.DetachFromDisposeScope();
                _parameters.Add(name, param);
            }

            /// <summary>
            /// Registers every field that holds a module, a parameter or a tensor (as a buffer) under the field's name,
            /// in order of declaration. Call it last in the constructor. Fields already registered are left alone.
            /// </summary>
            [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "A module's own fields are used by its own code.")]
            protected virtual void RegisterComponents()
            {
                for (var type = GetType(); type is not null && type != typeof(Module); type = type.BaseType)
                {
                    var fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);
                    foreach (var field in fields.OrderBy(field => field.MetadataToken))
                    {
                        if (field.IsDefined(typeof(CompilerGeneratedAttribute)))
                            continue;
                        switch (field.GetValue(this))
                        {
                            case Module module when !_submodules.Values.Contains(module):
                                register_module(field.Name, module);
                                break;
                            case Modules.Parameter parameter when !_parameters.Values.Contains(parameter):
                                register_parameter(field.Name, parameter);
                                break;
                            case Tensor tensor when tensor is not Modules.Parameter && !_buffers.Values.Any(buffer => ReferenceEquals(buffer.Tensor, tensor)):
                                register_buffer(field.Name, tensor);
                                break;
                        }
                    }
                }
            }

            /// <summary>The parameter of that name (dots lead into submodules), or null when there is none.</summary>
            public virtual Parameter? get_parameter(string target)
            {
                var (owner, name) = Resolve(target);
                return owner is not null && owner._parameters.TryGetValue(name, out var parameter) ? parameter : null;
            }

            /// <summary>The buffer of that name (dots lead into submodules), or null when there is none.</summary>
            public virtual Tensor? get_buffer(string target)
            {
                var (owner, name) = Resolve(target);
                return owner is not null && owner._buffers.TryGetValue(name, out var buffer) ? buffer.Tensor : null;
            }

            /// <summary>Puts another tensor under a registered name and frees the one it replaces.</summary>
            private protected void ReplaceParameter(string name, Parameter? parameter)
            {
                var old = _parameters[name];
                if (ReferenceEquals(old, parameter))
                    return;
                parameter?.DetachFromDisposeScope();
                _parameters[name] = parameter;
                old?.Dispose();
            }

            /// <summary>Puts another submodule under a registered name; the one it replaces is the caller's.</summary>
            private protected void ReplaceModule(string name, Module submodule)
            {
                ArgumentNullException.ThrowIfNull(submodule);
                if (submodule.training != training)
                    submodule.train(training);
                _submodules[name] = submodule;
            }

            private (Module? Owner, string Name) Resolve(string target)
            {
                ArgumentNullException.ThrowIfNull(target);
                var path = target.Split('.');
                Module? owner = this;
                foreach (var step in path[..^1])
                {
                    if (!owner._submodules.TryGetValue(step, out owner))
                        return (null, path[^1]);
                }
                return (owner, path[^1]);
            }

            private void CheckName(string name, string kind)
            {
                if (string.IsNullOrEmpty(name))
                    throw new ArgumentException($"{GetName()}: the name of a {kind} must not be empty.", nameof(name));
                if (name.Contains('.'))
                    throw new ArgumentException($"{GetName()}: the name of a {kind} must not contain a dot, got '{name}'.", nameof(name));
                if (_parameters.ContainsKey(name) || _buffers.ContainsKey(name) || _submodules.ContainsKey(name))
                    throw new ArgumentException($"{GetName()}: '{name}' is already registered.", nameof(name));
            }
        }
    }
}
