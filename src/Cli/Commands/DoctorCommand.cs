using System.CommandLine;
using KdRobust.Cli.Doctor;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr doctor</c>: what was found on this machine and what to do about what is wrong. Exit code 6 when something will not work.</summary>
static class DoctorCommand
{
    public static Command Create(CommandContext context)
    {
        var json = CommandContext.JsonOption();
        var command = new Command("doctor", "Look at what the service needs on this machine; changes nothing") { json };
        command.SetAction(async (parsed, _) =>
        {
            var findings = await Examination.Examine(context.Folders, context.Environment);
            if (parsed.GetValue(json)) context.WriteJson(findings);
            else
            {
                foreach (var finding in findings)
                {
                    context.Terminal.Out.WriteLine($"{Mark(finding.Health),-5} {finding.Part,-14} {finding.Found}");
                    if (finding.Remedy is { } remedy) context.Terminal.Out.WriteLine($"{"",-20} -> {remedy}");
                }
            }
            return findings.Any(f => f.Health == Health.Broken) ? ExitCode.CheckFailed : ExitCode.Done;
        });
        return command;
    }

    static string Mark(Health health) => health switch { Health.Fine => "ok", Health.Warning => "warn", _ => "FAIL" };
}
