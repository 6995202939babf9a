using TorchSharp.Modules;

namespace KdRobust.Learning.Noise;

/// <summary>A layer whose weights carry noise.</summary>
internal interface INoisyLayer
{
    /// <summary>The learned parameters of the noise: an optimizer group of their own.</summary>
    IEnumerable<Parameter> NoiseParameters { get; }

    /// <summary>Frees noisy weights kept for the fixed draw.</summary>
    void Release();
}
