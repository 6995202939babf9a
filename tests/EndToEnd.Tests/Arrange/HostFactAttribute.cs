using KdRobust.Support;

namespace KdRobust.EndToEnd.Tests.Arrange;

/// <summary>A test on machines made of network and mount namespaces; skipped with the reason where none can be made.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HostFactAttribute : FactAttribute
{
    public HostFactAttribute() => Skip = new PrivatePostgresFactAttribute().Skip ?? LinuxHost.Missing;

    /// <summary>True for a test of packets that come late or never, which not every kernel can do.</summary>
    public bool NeedsLossyNetwork
    {
        get => false;
        set => Skip ??= value ? HostNetwork.NoLoss : null;
    }
}
