using System.Text;
using KdRobust.Api.Hosting;
using KdRobust.Api.Tests.Host;

namespace KdRobust.Api.Tests.Hostile;

/// <summary>A service that answers as fast as it can and writes its log into files; and a client that sends what it is told.</summary>
public sealed class FuzzedApi : RunningApi
{
    readonly string logs = Directory.CreateTempSubdirectory("kdr-fuzz-logs-").FullName;

    private protected override ApiOptions Options() => base.Options() with { Rate = 0, LogFolder = logs };

    /// <summary>Sends headers of any text, and follows nothing.</summary>
    internal HttpMessageInvoker Raw { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 });

    /// <summary>Every line of the log until now that speaks of a fault.</summary>
    internal IEnumerable<string> Faults()
    {
        foreach (var file in Directory.GetFiles(logs))
        {
            // The service writes it still.
            using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            while (reader.ReadLine() is { } line)
                if (line.Contains("\"Level\":\"Error\"", StringComparison.Ordinal) || line.Contains("\"Level\":\"Fatal\"", StringComparison.Ordinal)) yield return line;
        }
    }
}
