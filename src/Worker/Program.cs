using KdRobust.Worker;
using KdRobust.Worker.Running;

// The run process is this very program: the same build, whatever it was started as.
var command = Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet"
    ? new[] { Environment.ProcessPath!, typeof(WorkerProgram).Assembly.Location }
    : [Environment.ProcessPath!];
return await WorkerProgram.Run(args, command, () => new LearningRuns());
