using TorchSharp.Modules;

namespace KdRobust.Learning.Noise;

/// <summary>A layer whose weights carry noise, and perhaps its activations too.</summary>
internal interface INoisyLayer
{
    /// <summary>The learned parameters of all its noise: an optimizer group of their own.</summary>
    IEnumerable<Parameter> NoiseParameters { get; }

    /// <summary>Frees noisy weights kept for the fixed draw.</summary>
    void Release();
}
