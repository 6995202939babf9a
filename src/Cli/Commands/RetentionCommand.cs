using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Client;
using KdRobust.Cli.Output;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr retention</c>: gives back now what nobody needs any more, or says what that would be.</summary>
static class RetentionCommand
{
    public static Command Create(CommandContext context)
    {
        var dry = new Option<bool>("--dry-run") { Description = "Only say what would be given back" };
        var server = CommandContext.ServerOption();
        var json = CommandContext.JsonOption();
        var command = new Command("retention", "Down-sample old step metrics and delete checkpoints nobody needs, now") { dry, server, json };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = new ServiceClient(ServiceLocation.Find(context.Folders, parsed.GetValue(server), context.Environment)) { Limit = TimeSpan.FromHours(1) };
            var report = await client.Retention(parsed.GetValue(dry), ct);
            if (parsed.GetValue(json))
            {
                context.WriteJson(report);
                return ExitCode.Done;
            }
            var would = parsed.GetValue(dry) ? "would be " : "";
            void Line(string text) => context.Terminal.Out.WriteLine(text);
            Line(string.Create(CultureInfo.InvariantCulture, $"{report.MetricsRemoved} step metrics of {report.JobsThinned} trainings {would}put together"));
            Line(string.Create(CultureInfo.InvariantCulture, $"{report.ResumePointsRemoved} resume points and {report.OutputsRemoved} outputs {would}deleted: {ByteCounts.Text(report.CheckpointBytesRemoved)}"));
            Line(string.Create(CultureInfo.InvariantCulture, $"{report.ChunksRemoved} chunks that nothing names {would}deleted"));
            if (report.MonthsMade.Count > 0) Line($"{string.Join(", ", report.MonthsMade)} {would}made");
            if (report.MonthsDetached.Count > 0) Line($"{string.Join(", ", report.MonthsDetached)} {would}detached");
            return ExitCode.Done;
        });
        return command;
    }
}
