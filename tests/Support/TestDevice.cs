namespace KdRobust.Support;

/// <summary>The device that tests with tensors compute on: variable KDR_DEVICE, cpu when it is not set.</summary>
public static class TestDevice
{
    public const string Variable = "KDR_DEVICE";

    /// <summary>1 says that the native library's "cuda" is the stand-in of tests/StandIn, for which no GPU is looked for.</summary>
    public const string StandInVariable = "KDR_STAND_IN";

    // Only the text: what is wrong with it is said by Name, where a test can fail with it.
    static readonly string Asked = Environment.GetEnvironmentVariable(Variable) ?? "";

    /// <summary>True when the tests compute on an NVIDIA GPU.</summary>
    public static bool IsCuda { get; } = Asked == "cuda";

    /// <summary>True when "cuda" is the stand-in of tests/StandIn: another device to libtorch, and the CPU to the numbers.</summary>
    public static bool IsStandIn { get; } = Environment.GetEnvironmentVariable(StandInVariable) == "1";

    /// <summary>cpu or cuda.</summary>
    /// <exception cref="InvalidOperationException">KDR_DEVICE is something else.</exception>
    public static string Name => Parse(Asked);

    /// <summary>Why nothing can be computed on that device here; null when it can.</summary>
    public static string? Missing => SkipReason.Device;

    /// <summary>The device that a value of KDR_DEVICE names.</summary>
    public static string Parse(string value) => value switch
    {
        "" or "cpu" => "cpu",
        "cuda" => "cuda",
        _ => throw new InvalidOperationException($"{Variable} is '{value}': expected cpu or cuda, or leave it unset for cpu"),
    };

    /// <summary>
    /// The tolerance of numbers that a CPU computes to within <paramref name="onCpu"/>: on a GPU 1e-4, relative to the larger of 1
    /// and the value. With TF32 off its products are float32's, but it adds in another order, and in another one again for
    /// another batch or convolution algorithm, so that what is equal to the bit on a CPU is equal to this there.
    /// </summary>
    public static double Tolerance(double onCpu) => IsCuda ? Math.Max(onCpu, 1e-4) : onCpu;
}
