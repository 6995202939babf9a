using KdRobust.Box;
using KdRobust.Worker;
using KdRobust.Worker.Running;

// tests: what xunit finds in the test assemblies beside this program. Anything else is a verb of the worker.
return args is ["tests", .. var words]
    ? TestVerb.Run(words)
    : await WorkerProgram.Run(args, [Environment.ProcessPath!], () => new LearningRuns());
