using System.Globalization;

namespace KdRobust.Support;

/// <summary>Finds clusters whose test process is gone and whose reaper was killed with it, and removes them.</summary>
static class AbandonedClusters
{
    const string Signature = "owner";

    /// <summary>Writes whose cluster this is: process id and start time.</summary>
    internal static void Sign(string folder) =>
        File.WriteAllText(Path.Combine(folder, Signature), $"{Environment.ProcessId} {ServerProcesses.StartOf(Environment.ProcessId)}");

    /// <summary>Ends and deletes every cluster under the root whose owner no longer runs.</summary>
    internal static void Sweep(string root, string prefix)
    {
        foreach (var folder in Directory.GetDirectories(root, prefix + "*"))
        {
            try
            {
                if (Owned(folder))
                    continue;
                var lockFile = Path.Combine(folder, "data", "postmaster.pid");
                if (File.Exists(lockFile) && int.TryParse(File.ReadLines(lockFile).First(), CultureInfo.InvariantCulture, out var server) && IsServerOf(server, folder))
                    _ = LibC.Signal(server, LibC.Quit);
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException)
            {
                // Another test process sweeps at the same time, or its server is still ending: the next start takes the rest.
            }
            catch (UnauthorizedAccessException)
            {
                // Another user's cluster.
            }
        }
    }

    static bool Owned(string folder)
    {
        var file = Path.Combine(folder, Signature);
        if (!File.Exists(file)) // Just being made, unless it is old.
            return File.GetLastWriteTimeUtc(folder) > TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-5);
        var fields = File.ReadAllText(file).Split(' ');
        return fields.Length == 2 && ServerProcesses.StartOf(int.Parse(fields[0], CultureInfo.InvariantCulture)) == fields[1];
    }

    static bool IsServerOf(int process, string folder)
    {
        var commandLine = $"/proc/{process}/cmdline";
        return File.Exists(commandLine) && File.ReadAllText(commandLine).Contains(folder);
    }
}
