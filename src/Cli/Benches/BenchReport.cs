using System.Text.Encodings.Web;
using System.Text.Json;
using KdRobust.Cli.Commands;

namespace KdRobust.Cli.Benches;

/// <summary>How benches print.</summary>
static class BenchReport
{
    static readonly JsonSerializerOptions Options = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Prints a report; its fields are written in snake_case.</summary>
    /// <returns>The exit code that says whether the bound was kept.</returns>
    public static int Print(CommandContext context, object report, bool within)
    {
        context.Terminal.Out.WriteLine(JsonSerializer.Serialize(report, Options));
        return within ? ExitCode.Done : ExitCode.CheckFailed;
    }

    /// <summary>Four significant decimals are all a noisy machine can give.</summary>
    public static double Round(double value) => Math.Round(value, 4);
}
