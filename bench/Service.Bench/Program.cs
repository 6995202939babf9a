using KdRobust.Service.Bench;
using KdRobust.Worker;

switch (args)
{
    case ["empty", var addressFile]:
        return await EmptyEndpoint.Serve(addressFile);
    case ["store-checkpoint", var mebibytes]:
        return await StoredCheckpoint.Store(int.Parse(mebibytes, System.Globalization.CultureInfo.InvariantCulture));
    case ["serve" or "run-process", ..]:
        // A run process is this very program, started once more by its supervisor.
        return await WorkerProgram.Run(
            args, [Environment.ProcessPath!, .. Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet" ? [typeof(SimulatedRuns).Assembly.Location] : Array.Empty<string>()],
            () => new SimulatedRuns());
    default:
        return await ServiceBench.Run(args);
}
