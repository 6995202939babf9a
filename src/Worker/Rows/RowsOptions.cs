using KdRobust.Domain.Experiments;

namespace KdRobust.Worker.Rows;

/// <summary>What <c>rows</c> is started with.</summary>
/// <param name="Order">The rows.</param>
/// <param name="Specs">Their specs, by the name the order gives.</param>
/// <param name="State">Folder of results, records, and what passes between visits (in, out).</param>
/// <param name="DataFolder">Folder of the data sets, or null.</param>
/// <param name="Limit">Time after which it stops at the next step.</param>
/// <param name="Device">What computes.</param>
sealed record RowsOptions(RowOrder Order, IReadOnlyDictionary<string, ExperimentSpec> Specs, string State, string? DataFolder, TimeSpan Limit, DeviceKind Device)
{
    /// <summary>Reads the words after <c>rows</c>.</summary>
    /// <exception cref="UsageException">One of them is wrong, or the order is.</exception>
    internal static RowsOptions Parse(ReadOnlySpan<string> line)
    {
        if (line.IsEmpty || line[0].StartsWith('-'))
            throw new UsageException("rows needs the file of an order, e.g. rows experiments/gpu-order.json");
        var options = CommandLine.Options(line[1..], "--state", "--data", "--seconds", "--device");
        var (order, specs) = RowOrder.Read(line[0]);
        return new RowsOptions(
            order,
            specs,
            Path.GetFullPath(options.GetValueOrDefault("--state") ?? Path.Combine(".kdr", "rows")),
            CommandLine.DataFolder(options),
            TimeSpan.FromSeconds(CommandLine.Integer(options, "--seconds", 86_400, 1, 1_000_000)),
            options.GetValueOrDefault("--device") switch
            {
                null or "cuda" => DeviceKind.Cuda,
                "cpu" => DeviceKind.Cpu,
                var other => throw new UsageException($"--device '{other}': expected cuda or cpu"),
            });
    }

    internal string Runs => Path.Combine(State, "runs");

    internal string In => Path.Combine(State, "in");

    internal string Out => Path.Combine(State, "out");
}
