using System.Text.Json.Nodes;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Plans;
using KdRobust.Support;
using KdRobust.Worker.Rows;

namespace KdRobust.Worker.Tests.Rows;

/// <summary>The order of rows for a lent GPU: what is in it, what is refused, and what a row makes of a spec.</summary>
public sealed class RowOrderTests : IDisposable
{
    static readonly string Real = Repository.At("experiments", "gpu-order.json");
    readonly string _folder = Directory.CreateTempSubdirectory("kdr-rows-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    string With(Action<JsonObject> change)
    {
        var order = JsonNode.Parse(File.ReadAllText(Repository.At("bench", "gpu", "small-order.json")))!.AsObject();
        change(order);
        File.Copy(Repository.At("bench", "gpu", "small.json"), Path.Combine(_folder, "small.json"), overwrite: true);
        var file = Path.Combine(_folder, "order.json");
        File.WriteAllText(file, order.ToJsonString());
        return file;
    }

    static JsonObject Row(JsonObject order, int index) => order["rows"]![index]!.AsObject();

    [Fact]
    public void The_committed_order_is_valid_and_correct_Table_2_comes_first()
    {
        var (order, specs) = RowOrder.Read(Real);

        order.Rows[0].Spec.ShouldBe("table2/correct.json");
        var ranks = order.Rows.Select(row => Array.IndexOf(["table2/correct.json", "table2/replicate.json", "table3/correct.json", "table3/replicate.json"], row.Spec)).ToList();
        ranks.ShouldBe(ranks.Order());
        specs.Count.ShouldBe(4);
        foreach (var row in order.Rows) RowSpec.Jobs(ExperimentPlan.Of(RowSpec.Of(specs[row.Spec], row, DeviceKind.Cuda, row.Epochs)), row.Models).ShouldNotBeEmpty(row.Name);
    }

    [Fact]
    public void The_small_order_is_valid() => RowOrder.Read(Repository.At("bench", "gpu", "small-order.json")).Order.Rows.Count.ShouldBe(2);

    [Fact]
    public void Every_problem_is_told_at_once_with_its_row()
    {
        var file = With(order =>
        {
            Row(order, 0)["name"] = "Big Teacher";
            Row(order, 0)["minutes"] = 0;
            Row(order, 0)["models"] = new JsonArray("nobody");
            Row(order, 1)["spec"] = "missing.json";
            Row(order, 1)["basis"] = " ";
        });

        var refused = Should.Throw<UsageException>(() => RowOrder.Read(file)).Message;

        refused.ShouldContain("rows[0] 'Big Teacher': name 'Big Teacher'");
        refused.ShouldContain("minutes 0: expected above 0");
        refused.ShouldContain("trains no model 'nobody'; it has cni, akd-votes");
        refused.ShouldContain("rows[1] 'small-student': spec 'missing.json': there is no file");
        refused.ShouldContain("basis is empty");
        refused.ShouldContain("after: 'small-teacher' is no row before this one");
    }

    [Theory]
    [InlineData("epochs", 3, "epochs and fitMinutes are both given")]
    [InlineData("draws", 0, "draws 0: expected 1")]
    [InlineData("lookEvery", 0, "lookEvery 0: expected 1")]
    [InlineData("after", "small-teacher", "is no row before this one")]
    public void A_field_out_of_range_is_refused(string field, object value, string message) =>
        Should.Throw<UsageException>(() => RowOrder.Read(With(order => Row(order, 0)[field] = JsonValue.Create(value)))).Message.ShouldContain(message);

    [Fact]
    public void A_student_cannot_be_fitted_to_a_time() =>
        Should.Throw<UsageException>(() => RowOrder.Read(With(order => Row(order, 1)["fitMinutes"] = 1))).Message.ShouldContain("'akd-votes' distils");

    [Fact]
    public void An_unknown_field_and_a_missing_one_are_named()
    {
        Should.Throw<UsageException>(() => RowOrder.Read(With(order => Row(order, 0)["epoch"] = 3))).Message.ShouldContain("epoch");
        Should.Throw<UsageException>(() => RowOrder.Read(With(order => Row(order, 0).Remove("basis")))).Message.ShouldContain("basis");
    }

    [Fact]
    public void A_shorter_training_keeps_the_shape_of_its_schedule()
    {
        var (order, specs) = RowOrder.Read(Real);
        var row = order.Rows.First(r => r.Models.Contains("cni"));
        var spec = RowSpec.Of(specs[row.Spec], row, DeviceKind.Cpu, 20);
        var training = (TrainingSpec)spec.Models["cni"].Weights;

        training.Epochs.ShouldBe(20);
        training.Schedule.ShouldBeOfType<MultiStepScheduleSpec>().Milestones.ShouldBe([10, 15]);
        training.Selection!.Every.ShouldBe(row.LookEvery!.Value);
        spec.Models["akd-votes"].ShouldBe(specs[row.Spec].Models["akd-votes"]);
        spec.Compute.Device.ShouldBe(DeviceKind.Cpu);
        spec.Notes[^1].ShouldContain("cni 20 of 100 epochs, the schedule scaled");
        SpecRules.Check(spec).ShouldBeEmpty();
    }

    [Fact]
    public void A_row_has_the_jobs_that_ask_its_models_alone()
    {
        var (order, specs) = RowOrder.Read(Real);
        var row = order.Rows.First(r => r.Models.SequenceEqual(["cni"]));
        var jobs = RowSpec.Jobs(ExperimentPlan.Of(specs[row.Spec]), row.Models);

        jobs.ShouldContain("train/cni");
        jobs.ShouldContain("attack/cni-8");
        jobs.ShouldContain(job => job.StartsWith("labels/", StringComparison.Ordinal));
        jobs.ShouldNotContain("train/akd-votes");
        jobs.ShouldNotContain("attack/akd-votes-8");
    }

    [Fact]
    public void Epochs_fit_a_time_and_are_never_more_than_the_spec_s()
    {
        var (order, specs) = RowOrder.Read(Real);
        var row = order.Rows.First(r => r.FitMinutes is not null);
        var training = (TrainingSpec)RowSpec.Of(specs[row.Spec], row, DeviceKind.Cuda, null).Models["cni"].Weights;

        // 45,000 images and two looks of 6,000 every fifth epoch at twice the price: 47,400 a epoch, 54 s of each minute.
        EpochFit.Of(training, 50_000, 1000, 18).Epochs.ShouldBe(20);
        EpochFit.Of(training, 50_000, 1e6, 18).Epochs.ShouldBe(100);
        EpochFit.Of(training, 50_000, 1, 18).Epochs.ShouldBe(1);
    }
}
