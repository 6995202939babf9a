using System.Net;
using System.Net.Sockets;

namespace KdRobust.Support;

/// <summary>A port of loopback that was free a moment ago, for what cannot take port 0 itself.</summary>
public static class FreePort
{
    /// <summary>Finds one.</summary>
    public static int Take()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
