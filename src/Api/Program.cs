using KdRobust.Api.Hosting;
using KdRobust.Persistence.Schema;

return await ApiProcess.Run(args, Environment.GetEnvironmentVariable(Database.Variable));
