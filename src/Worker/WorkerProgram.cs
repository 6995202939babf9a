using KdRobust.Telemetry;
using KdRobust.Worker.Running;
using KdRobust.Worker.Serving;

namespace KdRobust.Worker;

/// <summary>The verbs of this program.</summary>
static class WorkerProgram
{
    /// <summary>Runs one verb.</summary>
    /// <param name="line">The command line.</param>
    /// <param name="command">Program and leading arguments that start this program again, for run processes.</param>
    /// <param name="runs">The runs of a run process; asked for in no other.</param>
    /// <returns>0 done, 1 failed, 2 usage, 3 a job failed, 4 rows are left, 7 no database, 130 stopped.</returns>
    internal static async Task<int> Run(string[] line, IReadOnlyList<string> command, Func<IRunSource> runs)
    {
        try
        {
            switch (line)
            {
                case [RunProcessArguments.Verb, ..] when RunProcessArguments.Parse(line) is { } arguments:
                    return RunProcessVerb.Run(arguments, runs);
                case ["--help" or "-h" or "help"] or ["run" or "rows" or "serve" or "inspect" or "export", .., "--help" or "-h"]:
                    Console.Out.WriteLine(WorkerOptions.Usage);
                    return 0;
                case ["serve", .. var words]:
                    var options = WorkerOptions.Parse(words);
                    var identity = new ServiceIdentity("kdrobust-worker", options.Name);
                    using (ServiceTelemetry.Start(identity, options.Otlp))
                    using (var loggers = WorkerLogging.Open(Path.Combine(options.Scratch, "logs"), options.Name, identity, options.Otlp))
                        return await Supervisor.Serve(options, command, loggers);
                case ["run", .. var rest]:
                    return Local.RunVerb.Run(Local.RunOptions.Parse(rest));
                case ["rows", .. var rest]:
                    return Rows.RowsVerb.Run(Rows.RowsOptions.Parse(rest));
                case ["inspect", .. var rest]:
                    return Local.WeightsVerbs.Inspect(rest, Console.Out, Console.Error);
                case ["export", .. var rest]:
                    return Local.WeightsVerbs.Export(rest, Console.Out, Console.Error);
                default:
                    throw new UsageException(line.Length == 0 ? "a verb is missing" : $"'{line[0]}' is no verb of this program");
            }
        }
        catch (UsageException error)
        {
            await Console.Error.WriteLineAsync(error.OptionsHelp ? $"{error.Message}\n{WorkerOptions.Usage}" : error.Message);
            return 2;
        }
    }
}
