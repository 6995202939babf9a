using KdRobust.Cli.Tests.Arrange;

namespace KdRobust.Cli.Tests.Commands;

public sealed class UsageTests : IDisposable
{
    readonly TemporaryCheckout checkout = new();

    public void Dispose() => checkout.Dispose();

    Task<Said> Run(params string[] arguments) => new CommandLine(checkout.Folders).Run(arguments);

    [Theory]
    [InlineData("there is no 'sweep' here", "sweep")]
    [InlineData("Required command", new string[0])]
    [InlineData("there is no option --folow here", "watch", "--folow")]
    [InlineData("'file' missing", "submit")]
    [InlineData("'file' missing", "import")]
    [InlineData("there is no option --nane here", "import", "--nane")]
    [InlineData("--limit must be from 1 to 500, not 501", "models", "--limit", "501")]
    [InlineData("--limit must be from 1 to 500, not 0", "ls", "--limit", "0")]
    [InlineData("--workers must be from 1 to 64, not 65", "demo", "--workers", "65")]
    [InlineData("mnist", "data", "fetch", "mnist")]
    [InlineData("'--arch' is required", "eval", "--import", "w.th")]
    [InlineData("--mean .5,.5: expected three numbers, e.g. .491,.482,.447", "eval", "--import", "w.th", "--arch", "resnet20", "--mean", ".5,.5")]
    [InlineData("--std .5,0,.5: expected three numbers above 0", "eval", "--import", "w.th", "--arch", "resnet20", "--std", ".5,0,.5")]
    [InlineData("--eps 8/0: expected a number from 0 to 1", "eval", "--import", "w.th", "--arch", "resnet20", "--eps", "8/0")]
    [InlineData("--attack fgsm: expected none or pgdK", "eval", "--import", "w.th", "--arch", "resnet20", "--attack", "fgsm")]
    [InlineData("--images must be from 1 to 10000, not 0", "eval", "--import", "w.th", "--arch", "resnet20", "--images", "0")]
    [InlineData("--rename module: expected FROM=TO", "eval", "--import", "w.th", "--arch", "resnet20", "--rename", "module")]
    [InlineData("mnist", "eval", "--import", "w.th", "--arch", "resnet20", "--dataset", "mnist")]
    [InlineData("w.onnx: what format is it to have?", "export", "w.safetensors", "w.onnx")]
    [InlineData("pdf", "figure", "@last", "--format", "pdf")]
    [InlineData("pdf", "report", "@last", "--format", "pdf")]
    public async Task A_wrong_command_line_is_2_and_says_where_help_is(string message, params string[] arguments)
    {
        var said = await Run(arguments);
        said.ExitCode.ShouldBe(ExitCode.Usage);
        said.Error.ShouldContain(message);
        said.Error.ShouldContain("--help shows what there is");
        said.Out.ShouldBeEmpty();
    }

    [Fact]
    public async Task Help_lists_the_verbs_and_is_0()
    {
        var said = await Run("--help");
        said.ExitCode.ShouldBe(ExitCode.Done);
        foreach (var verb in new[] { "demo", "up", "down", "status", "doctor", "plan", "submit", "ls", "show", "watch", "logs", "cancel", "pause", "resume", "retry", "priority", "rerun", "diff", "key", "drain", "table", "figure", "report", "import", "models", "run", "eval", "export", "schema", "data", "bench", "test" })
            said.Out.ShouldContain($"\n  {verb} ");
    }

    [Theory]
    [InlineData("--import /nonexistent.th: there is no such file", "--import", "/nonexistent.th", "--arch", "resnet20", "--no-normalize")]
    [InlineData("--arch vgg: expected resnet20", "--arch", "vgg", "--no-normalize")]
    [InlineData("--mean and --std are needed", "--arch", "resnet20")]
    [InlineData("exclude each other", "--arch", "resnet20", "--no-normalize", "--mean", ".5,.5,.5")]
    [InlineData("$.models.imported.architecture.depth: no CIFAR ResNet has this depth; got 21", "--arch", "resnet21", "--no-normalize")]
    [InlineData("$.models.imported.weights.rename[1].from: an earlier rule takes every name", "--arch", "resnet20", "--no-normalize", "--rename", "m.=", "--rename", "m.a.=")]
    [InlineData("$.dataset.testImages: more images than the data set has", "--arch", "resnet20", "--no-normalize", "--dataset", "cifar10-mini", "--images", "1001")]
    public async Task What_eval_is_asked_is_checked_before_anything_is_read(string message, params string[] arguments)
    {
        var file = Path.GetTempFileName();
        try
        {
            var said = await Run(["eval", .. arguments.Contains("--import") ? Array.Empty<string>() : ["--import", file], .. arguments]);
            said.ExitCode.ShouldBe(ExitCode.Usage);
            said.Error.ShouldContain(message);
            said.Out.ShouldBeEmpty();
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task The_version_is_printed()
    {
        var said = await Run("--version");
        said.ExitCode.ShouldBe(ExitCode.Done);
        said.Out.ShouldMatch(@"^\d+\.\d+\.\d+");
    }

    [Theory]
    [InlineData("ls")]
    [InlineData("watch")]
    [InlineData("status")]
    public async Task Without_a_service_it_is_7_and_says_how_to_start_one(string verb)
    {
        var said = await Run(verb);
        said.ExitCode.ShouldBe(ExitCode.Unreachable);
        said.Error.ShouldContain("./kdr up");
    }

    [Fact]
    public async Task A_service_that_does_not_answer_is_7()
    {
        var said = await new CommandLine(checkout.Folders, "http://127.0.0.1:1", "kdr_x").Run("ls");
        said.ExitCode.ShouldBe(ExitCode.Unreachable);
        said.Error.ShouldContain("http://127.0.0.1:1/ does not answer");
    }

    [Fact]
    public async Task A_server_without_a_key_is_4_and_names_the_variable()
    {
        var said = await new CommandLine(checkout.Folders, "http://127.0.0.1:1").Run("ls");
        said.ExitCode.ShouldBe(ExitCode.NotAllowed);
        said.Error.ShouldContain("KDR_KEY");
    }

    [Fact]
    public async Task An_address_that_is_none_is_2() => (await new CommandLine(checkout.Folders, "somewhere", "kdr_x").Run("ls")).ExitCode.ShouldBe(ExitCode.Usage);

    [Fact]
    public async Task Down_where_nothing_runs_is_0() => (await Run("down")).ExitCode.ShouldBe(ExitCode.Done);

    [Fact]
    public async Task The_schema_is_JSON()
    {
        var said = await Run("schema");
        System.Text.Json.Nodes.JsonNode.Parse(said.Out)!["title"]!.GetValue<string>().ShouldBe("KdRobust experiment");
    }

    [Fact]
    public async Task A_plan_needs_no_service_and_lists_jobs_parents_first()
    {
        var said = await Run("plan", SmallSpec.Path);
        said.ExitCode.ShouldBe(ExitCode.Done, said.Error);
        var lines = said.Out.TrimEnd().Split('\n').Select(line => line.Split('\t')).ToList();
        lines[0][..2].ShouldBe(["train/cni", "train"]);
        foreach (var (line, i) in lines.Select((line, i) => (line, i)))
            foreach (var parent in line[3].Split(", ", StringSplitOptions.RemoveEmptyEntries))
                lines.FindIndex(other => other[0] == parent).ShouldBeInRange(0, i - 1);
    }

    [Fact]
    public async Task Every_problem_of_a_spec_is_a_line_with_file_and_path()
    {
        var said = await Run("plan", SmallSpec.Path, "--set", "seed=-1", "--set", "dataset.trainImages=0");
        said.ExitCode.ShouldBe(ExitCode.Usage);
        said.Error.ShouldContain("small.json: $.seed: out of range; got -1");
        said.Error.ShouldContain("small.json: $.dataset.trainImages: out of range; got 0");
    }
}
