using KdRobust.Domain.Experiments;
using static KdRobust.Learning.Tests.Networks;

namespace KdRobust.Learning.Tests.Models;

/// <summary>One of each kind of backbone, by a name that a table of cases can carry.</summary>
static class Backbones
{
    internal static readonly IReadOnlyDictionary<string, ArchitectureSpec> All = new Dictionary<string, ArchitectureSpec>(StringComparer.Ordinal)
    {
        ["WRN-16-2"] = Wide(16, 2),
        ["ResNet-20 padded"] = Cifar(20, ResNetShortcut.Pad),
        ["ResNet-20 projected"] = Cifar(20, ResNetShortcut.Projection),
        ["ResNet-32 padded, pixels as they are"] = Cifar(32, ResNetShortcut.Pad, normalize: false),
        ["ResNet-18"] = new ResNet18Spec { Normalize = Networks.Normalization },
        ["PreActResNet-18"] = new PreActResNet18Spec { Normalize = null },
    };

    internal static TheoryData<string> Names => new(All.Keys);
}
