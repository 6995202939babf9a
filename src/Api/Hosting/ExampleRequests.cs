using System.Text.Json.Nodes;

namespace KdRobust.Api.Hosting;

/// <summary>What the interface's description shows as requests; a test sends every one of them.</summary>
static class ExampleRequests
{
    /// <summary>Ids that stand for somebody's own.</summary>
    public const string Experiment = "0190f3a2-5b7e-7c11-9d53-3a1f6c2f0a77", Job = "0190f3a2-5b7e-7c11-9d53-3a1f6c2f0a78", Checkpoint = "0190f3a2-5b7e-7c11-9d53-3a1f6c2f0a79",
        Key = "0190f3a2-5b7e-7c11-9d53-3a1f6c2f0a7a", Sweep = "0190f3a2-5b7e-7c11-9d53-3a1f6c2f0a7b", Schedule = "0190f3a2-5b7e-7c11-9d53-3a1f6c2f0a7c", Model = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    static readonly Dictionary<string, JsonNode> ByName = new(StringComparer.Ordinal)
    {
        ["limit"] = 20, ["expect"] = 0, ["priority"] = 10, ["graceHours"] = 24, ["again"] = false, ["evenIfShared"] = false,
        ["state"] = "failed", ["kind"] = "train", ["owner"] = "ada", ["device"] = "cpu", ["worker"] = "worker-1", ["contains"] = "cni", ["experiment"] = Experiment,
        ["createdAfter"] = "2026-11-01T00:00:00Z", ["createdBefore"] = "2027-01-01T00:00:00Z", ["after"] = "2026-11-01T00:00:00Z", ["before"] = "2027-01-01T00:00:00Z",
        ["cursor"] = "1024", ["sort"] = "-created", ["from"] = "checkpoint", ["topics"] = $"experiment:{Experiment}", ["sha256"] = Model, ["figure"] = "figure2",
        ["action"] = "cancelJob", ["object"] = $"job:{Job}", ["dryRun"] = true, ["chore"] = "retention",
    };

    static readonly Dictionary<(string Operation, string Name), JsonNode> Particular = new()
    {
        [("report", "format")] = "md", [("figure", "format")] = "svg", [("jobMetrics", "format")] = "json", [("uploadModel", "name")] = "teacher.pth.tar",
        [("listExperiments", "name")] = "example", [("cancelExperiments", "name")] = "example",
        [("drainWorker", "name")] = "worker-1", [("undrainWorker", "name")] = "worker-1", [("liftQuarantine", "name")] = "worker-1", [("liftQuarantine", "device")] = "cuda:0",
        [("listSweeps", "name")] = "example-rates", [("sweepTable", "format")] = "md", [("sweepTable", "sort")] = "clean",
        [("listWorkers", "cursor")] = "worker-0", [("listKeys", "cursor")] = Key,
    };

    static readonly Dictionary<string, string> Bodies = new(StringComparer.Ordinal)
    {
        ["submitExperiment"] = ExampleSpec.Text, ["planExperiment"] = ExampleSpec.Text,
        ["addSchedule"] = "{ \"name\": \"nightly\", \"cron\": \"0 3 * * *\", \"timeZone\": \"UTC\", \"missed\": \"once\", \"spec\": " + ExampleSpec.Text + " }",
        ["createKey"] = """{ "owner": "ada", "role": "submitter", "label": "laptop", "expiresInDays": 90 }""",
        ["setQuota"] = """{ "owner": "ada", "device": "cpu", "mostRunning": 4 }""",
    };

    /// <summary>A parameter's example; null where there is none.</summary>
    public static JsonNode? Parameter(string operation, string address, string name) =>
        (name == "id" ? IdOf(address) : Particular.GetValueOrDefault((operation, name)) ?? ByName.GetValueOrDefault(name))?.DeepClone();

    /// <summary>A JSON body's example; null where there is none.</summary>
    public static JsonNode? Body(string operation) => Bodies.GetValueOrDefault(operation) is { } text ? JsonNode.Parse(text) : null;

    static JsonNode IdOf(string address) => address.Split('/').ElementAtOrDefault(2) switch { "jobs" => Job, "checkpoints" => Checkpoint, "keys" => Key, "sweeps" => Sweep, "schedules" => Schedule, _ => Experiment };
}
