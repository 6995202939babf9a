using System.Globalization;

namespace KdRobust.Learning.Randomness;

/// <summary>
/// The name of one use of randomness. Streams of different names never share a draw, so what crafts an attack, what
/// selects among its iterates and what reports the result are independent by construction.
/// </summary>
/// <param name="Name">Part of every seed of the stream: renaming one changes results.</param>
internal readonly record struct RandomStream(string Name)
{
    /// <summary>Initial weights; path (tensor).</summary>
    public static readonly RandomStream Initialization = new("init");

    /// <summary>Initial values of noise parameters that are random; seeded by the parameter's name.</summary>
    public static readonly RandomStream NoiseInitialization = new("init-noise");

    /// <summary>Order of the training images; path (epoch).</summary>
    public static readonly RandomStream DataOrder = new("data-order");

    /// <summary>Crop and flip; path (epoch, image).</summary>
    public static readonly RandomStream Augmentation = new("augmentation");

    /// <summary>Draws of the training forward passes.</summary>
    public static readonly RandomStream Training = new("train");

    /// <summary>Draws an attack differentiates through.</summary>
    public static readonly RandomStream Craft = new("craft");

    /// <summary>Draws by which an attack chooses among its iterates and restarts.</summary>
    public static readonly RandomStream Select = new("select");

    /// <summary>Draws that judge: every reported accuracy.</summary>
    public static readonly RandomStream Report = new("report");

    /// <summary>Draws of a teacher's answers on the training images.</summary>
    public static readonly RandomStream Labels = new("labels");

    /// <summary>Draws of a teacher that is asked in every step of a training.</summary>
    public static readonly RandomStream Teacher = new("teacher");

    /// <summary>Fixed views of a training image that labels are kept of; path (view, image).</summary>
    public static readonly RandomStream LabelView = new("label-view");

    /// <summary>Which fixed view an epoch sees of an image; path (epoch, image).</summary>
    public static readonly RandomStream ViewChoice = new("view-choice");

    /// <summary>Draws of the curves over epochs.</summary>
    public static readonly RandomStream Monitor = new("monitor");

    /// <summary>Where attacks start inside the ball.</summary>
    public static readonly RandomStream AttackStart = new("attack-start");

    /// <summary>The classes that targeted attacks aim at, where they are random; path (epoch, image).</summary>
    public static readonly RandomStream AttackTarget = new("attack-target");

    /// <summary>Draws that judge iterate k of an attack: fresh ones for every k, and none that judges the final images.</summary>
    public static RandomStream ReportAt(int k) => new(string.Create(CultureInfo.InvariantCulture, $"report-at-{k}"));

    /// <summary>Resamplings of images and draws; path (replicate, what is resampled).</summary>
    public static readonly RandomStream Bootstrap = new("bootstrap");

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>The stream of the n-th of many uses that must not share a draw.</summary>
    public RandomStream For(long n) => new(FormattableString.Invariant($"{Name}/{n}"));
}
