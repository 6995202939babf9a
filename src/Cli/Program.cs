using System.CommandLine;
using KdRobust.Cli.Testing;

var root = new RootCommand("KdRobust: adversarial-robustness experiments from one JSON file to the paper's tables")
{
    TestCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
