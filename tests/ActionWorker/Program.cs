using KdRobust.ActionWorker;
using KdRobust.Worker;

return await WorkerProgram.Run(args, [Environment.ProcessPath!, .. Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet" ? [typeof(ActionRuns).Assembly.Location] : Array.Empty<string>()], () => new ActionRuns());
