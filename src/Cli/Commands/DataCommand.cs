using System.CommandLine;
using KdRobust.Cli.Data;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr data fetch cifar10</c>: downloads the images from their official address.</summary>
static class DataCommand
{
    public static Command Create(CommandContext context)
    {
        var name = new Argument<string>("name") { Description = "cifar10" };
        name.AcceptOnlyFromAmong("cifar10");
        var fetch = new Command("fetch", $"Download CIFAR-10 (162 MB) from {CifarArchive.Address.Host}, resumable and checked") { name };
        fetch.SetAction(async (_, ct) =>
        {
            var archive = new CifarArchive(context.Folders.FetchedData, TimeProvider.System);
            await archive.Fetch(context.Terminal.Say, ct);
            context.Terminal.Out.WriteLine(context.Folders.FetchedData);
            return ExitCode.Done;
        });
        return new Command("data", "Get the images") { fetch };
    }
}
