using System.Globalization;
using System.Text.RegularExpressions;
using KdRobust.Domain.Experiments;

namespace KdRobust.Cli.Evaluation;

/// <summary>Short names of architectures, as papers and people write them.</summary>
static partial class ArchitectureName
{
    /// <summary>What may be written, for help and errors.</summary>
    public const string Known = "resnet20 (32, 44, 56, 110; padded shortcuts), resnet20-b (projected shortcuts), resnet18, preact-resnet18, wrn-28-4 (wrn-DEPTH-WIDTH)";

    /// <summary>The architecture of a name, or null. Depths that do not exist are left to the rules of the spec.</summary>
    public static ArchitectureSpec? Read(string name, NormalizationSpec? normalize)
    {
        if (name == "resnet18") return new ResNet18Spec { Normalize = normalize };
        if (name == "preact-resnet18") return new PreActResNet18Spec { Normalize = normalize };
        if (Wide().Match(name) is { Success: true } wide)
            return new WideResNetSpec { Depth = Number(wide.Groups["depth"]), Width = Number(wide.Groups["width"]), Dropout = 0, Normalize = normalize };
        if (Cifar().Match(name) is { Success: true } cifar)
            return new CifarResNetSpec { Depth = Number(cifar.Groups["depth"]), Shortcut = cifar.Groups["b"].Success ? ResNetShortcut.Projection : ResNetShortcut.Pad, Normalize = normalize };
        return null;
    }

    static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex("^wrn-(?<depth>[0-9]{1,3})-(?<width>[0-9]{1,2})$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Wide();

    [GeneratedRegex("^resnet(?<depth>[0-9]{1,3})(?<b>-b)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Cifar();
}
