using System.Diagnostics;

namespace KdRobust.Support;

/// <summary>A Python interpreter that has PyTorch, as the reference the binding is compared with.</summary>
public static class PythonTorch
{
    internal const string NotFound =
        "no Python with torch: install python3-torch, or let KDR_PYTHON name an interpreter that can import torch";

    static readonly Lazy<(string Program, string Version)?> Found = new(Look);

    /// <summary>The interpreter, or null when there is none with torch. KDR_PYTHON first, then the system's.</summary>
    public static string? Find() => Found.Value?.Program;

    /// <summary>torch.__version__ of that interpreter, e.g. 1.13.0a0; null when there is none.</summary>
    public static string? Version => Found.Value?.Version;

    /// <summary>Runs a script file with one thread and without user site packages.</summary>
    public static Task<ChildResult> Run(string script, params IEnumerable<string> arguments) =>
        ChildProcess.Run(
            Find() ?? throw new InvalidOperationException(NotFound),
            ["-s", script, .. arguments],
            new Dictionary<string, string?> { ["OMP_NUM_THREADS"] = "1", ["PYTHONDONTWRITEBYTECODE"] = "1" },
            TimeSpan.FromMinutes(3));

    static (string, string)? Look()
    {
        var named = Environment.GetEnvironmentVariable("KDR_PYTHON");
        foreach (var program in string.IsNullOrEmpty(named) ? ["/usr/bin/python3"] : new[] { named })
        {
            if (!File.Exists(program))
                continue;
            var start = new ProcessStartInfo(program, ["-s", "-c", "import torch; print(torch.__version__)"])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            var version = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            if (process.ExitCode == 0)
                return (program, version);
        }
        return null;
    }
}
