using System.Diagnostics;
using System.Text.Json;

namespace KdRobust.Torch.Bench;

/// <summary>What one side measured over a block of steps.</summary>
/// <param name="CpuMs">CPU milliseconds of the process a step.</param>
/// <param name="WallMs">Wall milliseconds a step.</param>
/// <param name="Values">The loss of each step.</param>
internal sealed record Block(double CpuMs, double WallMs, double[] Values);

/// <summary>The same work in PyTorch: a child process that does a block of steps when told to, and idles otherwise.</summary>
internal sealed class Peer : IDisposable
{
    private static readonly JsonSerializerOptions Snake = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private readonly Process _process;

    /// <summary>Starts the peer and reads its versions.</summary>
    /// <exception cref="InvalidOperationException">Python or its torch is not there.</exception>
    public Peer(string python, string folder, int threads)
    {
        var start = new ProcessStartInfo(python, [Path.Combine(AppContext.BaseDirectory, "torch_step.py"), folder, $"{threads}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        try
        {
            _process = Process.Start(start) ?? throw new InvalidOperationException($"{python} did not start.");
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new InvalidOperationException($"{python} does not start ({error.Message}). Install python3 and python3-torch, or leave the peer out with KDR_PEER=off.", error);
        }
        Versions = JsonSerializer.Deserialize<Dictionary<string, string>>(ReadLine()) ?? [];
    }

    /// <summary>Versions of torch and python.</summary>
    public Dictionary<string, string> Versions { get; }

    /// <summary>Does a number of steps of one kind.</summary>
    public Block Run(string net, string what, int steps)
    {
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(new { net, what, steps }));
        _process.StandardInput.Flush();
        return JsonSerializer.Deserialize<Block>(ReadLine(), Snake) ?? throw new InvalidOperationException("The peer answered null.");
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private string ReadLine() => _process.StandardOutput.ReadLine()
        ?? throw new InvalidOperationException("The peer ended early; its message is above. It needs python3-torch (apt-get install python3-torch); KDR_PEER=off leaves it out.");
}
