using System.Text.Json;
using KdRobust.Cli.Specs;
using KdRobust.Cli.Tests.Arrange;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Reports;

namespace KdRobust.Cli.Tests.Results;

public sealed class FolderTablesTests : IDisposable
{
    static readonly RunProvenance Provenance = new("test", "1.13.1", "none", "cpu", 1);
    readonly TemporaryCheckout checkout = new();

    public void Dispose() => checkout.Dispose();

    string Specs => Path.Combine(checkout.Folders.Root, "experiments", "table2");

    string Results => Path.Combine(checkout.Folders.Root, "results");

    Task<Said> Table(params string[] words) => new CommandLine(checkout.Folders).Run(["table", .. words]);

    ExperimentSpec Spec(string file, params string[] changes)
    {
        Directory.CreateDirectory(Specs);
        var spec = SpecFile.Read(SmallSpec.Path, [$"name=table2/{file}", "comparisons=[{\"id\":\"a\",\"title\":\"student and teacher\",\"first\":\"student-clean\",\"second\":\"teacher-clean\",\"test\":{\"kind\":\"mcnemar\"}}]", .. changes]);
        File.WriteAllText(Path.Combine(Specs, $"{file}.json"), spec.Text);
        return spec.Spec;
    }

    /// <summary>What <c>kdr run --json</c> prints, for the jobs that are not left out.</summary>
    void Store(ExperimentSpec spec, string file, int right, params string[] without)
    {
        var plan = ExperimentPlan.Of(spec);
        AggregatedCount Count(int images, int draws, DrawInterval? over) =>
            new(images, draws, draws, [new(Aggregation.Votes, ImageSet.FirstOf(right, images), over), new(Aggregation.MeanProbability, ImageSet.FirstOf(right, images), over)]);
        var results = plan.Jobs.Where(j => !without.Contains(j.Key)).ToDictionary(j => j.Key, j => (JobResult?)(j.Payload switch
        {
            SmoothingEvalPayload e => new SmoothingEvalResult { Seconds = 1, Provenance = Provenance, Count = Count(e.Images, e.Draws, e.Draws > 1 ? new(0.2, 0.3, 4, 100) : null) },
            TransferAttackPayload a => new TransferAttackResult { Seconds = 2, Provenance = Provenance, Images = a.Images, Survivors = [a.Images], CorrectAtStep = [a.Images], TargetCurves = [], LargestPerturbation = 0, Targets = [.. a.Targets.Select(t => Count(a.Images, t.Draws, null))] },
            _ => new TrainResult { Seconds = 3, Provenance = Provenance, Epochs = 3, Parameters = 1, FinalLoss = 1, FinalTrainAccuracy = 0.5, Selected = null },
        }));
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Results, file))!);
        File.WriteAllText(Path.Combine(Results, file), JsonSerializer.Serialize(ExperimentReport.Of(spec, plan, results, (_, _) => []), SpecJson.Indented));
    }

    [Fact]
    public async Task Every_spec_of_a_folder_is_filled_from_what_is_stored()
    {
        Store(Spec("correct"), "anywhere/x.json", 25, "attack/student-pgd");
        Spec("replicate");
        var said = await Table(Specs);
        said.ExitCode.ShouldBe(ExitCode.Done, said.Error);
        var parts = said.Out.Split("table2/replicate: ");
        parts[0].ShouldContain("table2/correct: A small chain");
        parts[0].ShouldContain("25.0 [20.0, 30.0]*");
        parts[0].ShouldContain("no difference shown");
        parts[0].ShouldContain("x.json");
        parts[0].ShouldContain($"what is missing is computed by: mkdir -p results/table2 && ./kdr run {Path.Combine(Specs, "correct.json")} --json > results/table2/correct.json");
        parts[0].Split('\n').Single(line => System.Text.RegularExpressions.Regex.IsMatch(line, "^ *KD student +KD student ")).TrimEnd().ShouldEndWith(" -");
        parts[1].ShouldContain("nothing measured yet");
        parts[1].ShouldContain("not measured yet");
        parts[1].ShouldContain("./kdr run");
    }

    [Fact]
    public async Task A_number_of_another_form_of_the_spec_is_shown_as_such()
    {
        Store(Spec("correct", "seed=8"), "table2/correct.json", 25);
        Spec("correct");
        var said = await Table(Specs);
        said.Out.ShouldContain("25.0 [");
        said.Out.ShouldContain("measured by another form of this spec than the file's: teacher-clean, ");
        (await Table(Specs, "table1")).Out.ShouldContain("than the file's: teacher-clean, teacher-soft-clean, student-clean\n");
        said.Out.ShouldContain("to measure them anew: ");
    }

    [Fact]
    public async Task The_form_of_the_file_goes_before_an_older_one()
    {
        Store(Spec("correct", "seed=8"), "a.json", 99);
        Store(Spec("correct"), "b.json", 25);
        var said = await Table(Specs, "table1");
        said.Out.ShouldContain("25.0 [");
        said.Out.ShouldNotContain("99.0 [");
        said.Out.ShouldNotContain("another form");
        said.Out.ShouldNotContain("table3", Case.Insensitive);
    }

    [Fact]
    public async Task Other_forms_say_the_same_and_other_files_do_not_disturb()
    {
        Store(Spec("correct"), "b.json", 25);
        File.WriteAllText(Path.Combine(Results, "bench.json"), "{\"seconds\": 3}");
        var csv = (await Table(Specs, "--format", "csv")).Out.Split("\r\n");
        csv[1].ShouldBe("table2/correct,table1,Smooth prediction smoothing,Clean,teacher-clean,88.68,25,20,30,true,100,4,false");
        var json = JsonDocument.Parse((await Table(Path.Combine(Specs, "correct.json"), "--format", "json")).Out);
        json.RootElement[0].GetProperty("missing").GetArrayLength().ShouldBe(0);
        (await Table(Specs, "--format", "md")).Out.ShouldContain("| Smooth prediction smoothing | 88.68 | 25.0 [20.0, 30.0]* |");
    }

    [Fact]
    public async Task A_result_of_an_earlier_version_serves_its_counts()
    {
        Spec("correct");
        Directory.CreateDirectory(Path.Combine(Results, "table2"));
        File.WriteAllText(Path.Combine(Results, "table2", "correct.json"), """
            {"records": [{"id": "teacher-clean", "images": 100, "correct": 39, "accuracy": 39, "lower": 1, "upper": 2, "draws": 4, "aggregation": "votes", "seed": 7, "seconds": 1, "job": "j", "fingerprint": "f",
              "provenance": {"build": "b", "libtorch": "l", "blas": "b", "device": "cpu", "threads": 1}}]}
            """);
        (await Table(Specs, "table1")).Out.ShouldContain("39.0 [30.0, 48.8]");
    }

    [Fact]
    public async Task What_cannot_be_read_is_named()
    {
        Spec("correct");
        Directory.CreateDirectory(Results);
        File.WriteAllText(Path.Combine(Results, "cut.json"), "{\"records\": [");
        var said = await Table(Specs);
        said.ExitCode.ShouldBe(ExitCode.Failed);
        said.Error.ShouldContain("cut.json is no result that this version understands");
        (await Table(Specs, "table9", "--results", checkout.Folders.Root + "/none")).Error.ShouldContain("no spec in " + Specs + " has a table 'table9': there are table1, table3");
        var empty = Directory.CreateDirectory(Path.Combine(checkout.Folders.Root, "empty")).FullName;
        (await Table(empty, "--results", empty)).ExitCode.ShouldBe(ExitCode.NotFound);
    }
}
