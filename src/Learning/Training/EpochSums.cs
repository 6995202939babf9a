using static TorchSharp.torch;

namespace KdRobust.Learning.Training;

/// <summary>What an epoch adds up, image by image.</summary>
internal enum EpochSum { Loss, Correct, Clean, Adversarial, CleanDistillation, AdversarialDistillation, LabelAgreement, TeacherAgreement }

/// <summary>
/// Sums over the images of the running epoch, kept on the device: adding to them waits for nothing, and only reading
/// them brings the device to a halt.
/// </summary>
internal sealed class EpochSums : IDisposable
{
    public static readonly int Count = Enum.GetValues<EpochSum>().Length;
    readonly Tensor _sums; // float64 [Count]

    public EpochSums(Device device) => _sums = zeros([Count], ScalarType.Float64, device).DetachFromDisposeScope();

    /// <summary>Images added.</summary>
    public long Images { get; private set; }

    /// <summary>Adds a step, or a micro-batch of one.</summary>
    /// <param name="means">Means over its images by what they are: scalars of any element type, detached here.</param>
    /// <param name="images">Images of it.</param>
    public void Add(IReadOnlyDictionary<EpochSum, Tensor> means, int images)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (sum, mean) in means)
            _sums.narrow(0, (int)sum, 1).add_(mean.detach().to(ScalarType.Float64), images);
        Images += images;
    }

    /// <summary>The sums, in the order of <see cref="EpochSum"/>; waits for the device.</summary>
    public double[] Read()
    {
        using var scope = NewDisposeScope();
        return _sums.cpu().data<double>().ToArray();
    }

    /// <summary>Goes on from sums read before.</summary>
    public void Restore(IReadOnlyList<double> sums, long images)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        _sums.copy_(from_array(sums.ToArray(), _sums.device));
        Images = images;
    }

    /// <summary>Starts an epoch.</summary>
    public void Clear()
    {
        using var scope = NewDisposeScope();
        _sums.zero_();
        Images = 0;
    }

    public void Dispose() => _sums.Dispose();
}

/// <summary>Means over the images of an epoch so far.</summary>
internal readonly record struct EpochMeans(IReadOnlyList<double> Sums, long Images)
{
    public double this[EpochSum sum] => Sums[(int)sum] / Images;
}
