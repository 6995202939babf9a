using KdRobust.Cli.Commands;
using KdRobust.Cli.Local;
using KdRobust.Cli.Output;

return await KdrCommand.Run(args, new CommandContext(Terminal.OfThisProcess(), LocalFolders.Find(), Environment.GetEnvironmentVariable));
