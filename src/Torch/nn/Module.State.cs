using System.Globalization;
using System.Text;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public abstract partial class Module
        {
            /// <summary>
            /// The parameters and persistent buffers by key, in PyTorch's order. The values are the live tensors,
            /// not copies: do not dispose them.
            /// </summary>
            /// <param name="destination">A dictionary to add to; null makes a new one.</param>
            /// <param name="prefix">Prepended to every key, with a dot between.</param>
            public virtual Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= [];
                var start = string.IsNullOrEmpty(prefix) ? "" : prefix + ".";
                foreach (var (path, owner) in Owners(recurse: true, start))
                {
                    foreach (var (name, parameter) in owner._parameters)
                    {
                        if (parameter is not null)
                            destination.Add(path + name, parameter);
                    }
                    foreach (var (name, (tensor, persistent)) in owner._buffers)
                    {
                        if (tensor is not null && persistent)
                            destination.Add(path + name, tensor);
                    }
                }
                return destination;
            }

            /// <summary>Copies the values of a state dict into this module, converting type and device.</summary>
            /// <param name="source">Tensors by key.</param>
            /// <param name="strict">Whether a missing or an unexpected key is an error.</param>
            /// <param name="skip">Keys left alone on both sides.</param>
            /// <returns>The missing and the unexpected keys (both empty when <paramref name="strict"/>).</returns>
            /// <exception cref="InvalidOperationException">
            /// A shape differs, or with <paramref name="strict"/> a key is missing or unexpected. The message lists all
            /// of them with their shapes, and nothing has been copied.
            /// </exception>
            public virtual (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(
                Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null)
            {
                ArgumentNullException.ThrowIfNull(source);
                var skipped = new HashSet<string>(skip ?? []);
                var target = state_dict();
                var missing = target.Keys.Where(key => !source.ContainsKey(key) && !skipped.Contains(key)).ToList();
                var unexpected = source.Keys.Where(key => !target.ContainsKey(key) && !skipped.Contains(key)).ToList();
                var mismatched = target.Keys
                    .Where(key => !skipped.Contains(key) && source.TryGetValue(key, out var value) && !value.shape.SequenceEqual(target[key].shape))
                    .ToList();

                if (mismatched.Count > 0 || (strict && missing.Count + unexpected.Count > 0))
                    throw new InvalidOperationException(Differences());

                using (no_grad())
                {
                    foreach (var (key, tensor) in target)
                    {
                        if (!skipped.Contains(key) && source.TryGetValue(key, out var value))
                            CopyInto(tensor, value);
                    }
                }
                return (missing, unexpected);

                string Differences()
                {
                    var text = new StringBuilder($"The state dict does not fit {GetName()} ({target.Count} entries expected, {source.Count} given). Nothing was loaded.");
                    foreach (var key in mismatched)
                        text.Append(CultureInfo.InvariantCulture, $"\n  shape of '{key}': expected {Shape(target[key])}, got {Shape(source[key])}");
                    foreach (var key in strict ? missing : [])
                        text.Append(CultureInfo.InvariantCulture, $"\n  missing '{key}': expected {Shape(target[key])}");
                    foreach (var key in strict ? unexpected : [])
                        text.Append(CultureInfo.InvariantCulture, $"\n  unexpected '{key}': {Shape(source[key])}");
                    return text.ToString();
                }
            }

            /// <summary>Writes the state dict to a file in TorchSharp's format (<see cref="StateFile"/>).</summary>
            /// <param name="location">The file, replaced when it exists.</param>
            /// <param name="skip">Keys to leave out.</param>
            /// <returns>This module.</returns>
            public virtual Module save(string location, IList<string>? skip = null)
            {
                using var stream = File.Create(location);
                save(stream, skip);
                return this;
            }

            /// <summary>Writes the state dict to a stream in TorchSharp's format; the stream stays open.</summary>
            public virtual Module save(Stream stream, IList<string>? skip = null)
            {
                StateFile.Write(stream, state_dict().Where(entry => skip?.Contains(entry.Key) != true).ToList());
                return this;
            }

            /// <summary>Reads a state dict from a file in TorchSharp's format.</summary>
            /// <param name="location">The file.</param>
            /// <param name="strict">Whether a missing or an unexpected key is an error.</param>
            /// <param name="skip">Keys left alone on both sides.</param>
            /// <param name="loadedParameters">Filled, when given, with every key of this module: whether it was in the file.</param>
            /// <returns>This module.</returns>
            /// <exception cref="InvalidDataException">The file is not in the format, or is cut short.</exception>
            /// <exception cref="InvalidOperationException">Its entries do not fit (<see cref="load_state_dict"/>).</exception>
            public virtual Module load(string location, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
            {
                using var stream = File.OpenRead(location);
                return load(stream, strict, skip, loadedParameters, location);
            }

            /// <summary>Reads a state dict from a stream in TorchSharp's format; the stream stays open.</summary>
            public virtual Module load(Stream stream, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null) =>
                load(stream, strict, skip, loadedParameters, "the stream");

            private Module load(Stream stream, bool strict, IList<string>? skip, Dictionary<string, bool>? loadedParameters, string source)
            {
                using var scope = NewDisposeScope();
                var entries = StateFile.Read(stream, source);
                load_state_dict(entries, strict, skip);
                if (loadedParameters is not null)
                {
                    foreach (var key in state_dict().Keys)
                        loadedParameters[key] = entries.ContainsKey(key) && skip?.Contains(key) != true;
                }
                return this;
            }

            private static void CopyInto(Tensor target, Tensor source)
            {
                var returned = target.copy_(source);
                if (!ReferenceEquals(returned, target))
                    returned.Dispose();
            }

            private static string Shape(Tensor tensor) => $"[{string.Join(", ", tensor.shape)}]";
        }
    }
}
