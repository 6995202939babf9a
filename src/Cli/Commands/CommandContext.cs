using System.CommandLine;
using System.Text.Json;
using KdRobust.Cli.Client;
using KdRobust.Cli.Local;
using KdRobust.Cli.Output;

namespace KdRobust.Cli.Commands;

/// <summary>What every verb is given.</summary>
/// <param name="Terminal">Where it writes.</param>
/// <param name="Folders">The checkout it belongs to.</param>
/// <param name="Environment">Reads an environment variable.</param>
sealed record CommandContext(Terminal Terminal, LocalFolders Folders, Func<string, string?> Environment)
{
    /// <summary>Which service is asked.</summary>
    public static Option<string?> ServerOption() => new("--server") { Description = "Address of the service; default KDR_SERVER, else the one this checkout runs", HelpName = "URL" };

    public static Option<bool> JsonOption() => new("--json") { Description = "Print JSON" };

    public static Option<string[]> SetOption() => new("--set")
    {
        Description = "Change a field of the spec before it is used, e.g. dataset.name=synthetic; may be repeated", HelpName = "PATH=VALUE", Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false, DefaultValueFactory = _ => [],
    };

    public ServiceClient Connect(ParseResult parsed, Option<string?> server) => new(ServiceLocation.Find(Folders, parsed.GetValue(server), Environment));

    /// <summary>Prints a value as JSON, indented.</summary>
    public void WriteJson<T>(T value) => Terminal.Out.WriteLine(JsonSerializer.Serialize(value, Domain.Experiments.SpecJson.Indented));
}
