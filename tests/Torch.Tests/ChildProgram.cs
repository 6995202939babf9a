using System.Globalization;
using KdRobust.Support;
using static TorchSharp.torch;

namespace KdRobust.Torch.Tests;

/// <summary>
/// This assembly as a program, for tests that need a process of their own: one whose native library is missing or does
/// not fit, and one whose memory nobody else uses.
/// </summary>
static class ChildProgram
{
    static int Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["add"]:
                Console.WriteLine((ones([2]) + ones([2])).sum().item<float>());
                return 0;
            case ["allocate"]:
                Allocate();
                return 0;
            default:
                Console.Error.WriteLine("add | allocate");
                return 2;
        }
    }

    /// <summary>Starts this assembly with one verb.</summary>
    internal static Task<ChildResult> Run(string verb, IReadOnlyDictionary<string, string?>? environment = null) =>
        ChildProcess.Run("dotnet", ["exec", typeof(ChildProgram).Assembly.Location, verb], OnCpu(environment), TimeSpan.FromMinutes(2));

    // What a child is asked about is its native library or its memory, which a device would only hide.
    static Dictionary<string, string?> OnCpu(IReadOnlyDictionary<string, string?>? environment) =>
        new(environment ?? new Dictionary<string, string?>(), StringComparer.Ordinal) { [TestDevice.Variable] = null };

    static void Allocate()
    {
        for (var scopes = 1; scopes <= 500_000; scopes++)
        {
            using (NewDisposeScope())
            {
                var x = ones([8]);
                _ = (x + x).mul(x).sum();
            }
            if (scopes % 100_000 == 0)
                Console.WriteLine(ResidentKibibytes().ToString(CultureInfo.InvariantCulture));
        }
    }

    static long ResidentKibibytes() =>
        long.Parse(File.ReadLines("/proc/self/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
