using KdRobust.Domain.Jobs;
using KdRobust.Learning.Noise;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>A built network: a forward function and the source of the noise inside it. It knows no loss, attack or vote.</summary>
internal sealed class Network : IDisposable
{
    readonly HashSet<Parameter> _noise;

    internal Network(NetworkShape shape, nn.Module<Tensor, Tensor> module, NoiseSource source)
    {
        (Shape, Module, Source) = (shape, module, source);
        _noise = new(source.Layers.SelectMany(layer => layer.NoiseParameters), ReferenceEqualityComparer.Instance);
    }

    /// <summary>What it is, apart from its weights.</summary>
    public NetworkShape Shape { get; }

    /// <summary>images [N, 3, 32, 32] in [0,1] -> logits [N, 10]; its state dict has PyTorch's names.</summary>
    public nn.Module<Tensor, Tensor> Module { get; }

    /// <summary>Under which draw forward passes happen.</summary>
    public NoiseSource Source { get; }

    /// <summary>True when two forward passes of different draws differ even in evaluation: some layer has noise, in weights or activations.</summary>
    public bool HasWeightNoise => Source.Layers.Count > 0;

    /// <summary>d, V and alpha of every noisy layer, of weights and activations, with their names: the optimizer group with its own rate and decay.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> NoiseParameters =>
        Module.named_parameters().Where(entry => _noise.Contains(entry.parameter)).Select(entry => (entry.name, entry.parameter));

    /// <summary>Everything else that is trained.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> WeightParameters =>
        Module.named_parameters().Where(entry => !_noise.Contains(entry.parameter)).Select(entry => (entry.name, entry.parameter));

    /// <summary>Numbers that are trained, without those of the noise.</summary>
    public long WeightCount => WeightParameters.Sum(entry => entry.Parameter.numel());

    /// <summary>Numbers that are trained, all of them.</summary>
    public long ParameterCount => Module.parameters().Sum(parameter => parameter.numel());

    /// <summary>
    /// Evaluation mode without gradients of parameters, until the returned scope ends; then every module has the mode it
    /// had. While it lasts the weights must not change, and one sample of noisy weights serves all passes of a draw.
    /// </summary>
    public IDisposable Freeze() => new FrozenScope(this);

    /// <inheritdoc/>
    public void Dispose()
    {
        Source.Dispose();
        Module.Dispose();
    }

    sealed class FrozenScope : IDisposable
    {
        readonly Network _network;
        readonly List<(nn.Module Module, bool Training)> _modes;
        readonly List<Parameter> _learning;
        bool _disposed;

        public FrozenScope(Network network)
        {
            _network = network;
            _modes = [(network.Module, network.Module.training), .. network.Module.modules().Select(module => (module, module.training))];
            _learning = [.. network.Module.parameters().Where(parameter => parameter.requires_grad)];
            network.Module.eval();
            foreach (var parameter in _learning) parameter.requires_grad = false;
            network.Source.Freeze();
        }

        public void Dispose()
        {
            if (_disposed) return;
            _disposed = true;
            _network.Source.Thaw();
            foreach (var parameter in _learning) parameter.requires_grad = true;
            // Setting a mode reaches the modules below: parents come first in the list, so each ends with its own.
            foreach (var (module, training) in _modes)
                if (module.training != training) module.train(training);
        }
    }
}
