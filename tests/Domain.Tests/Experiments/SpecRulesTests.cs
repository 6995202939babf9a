using System.Text.Json.Nodes;

namespace KdRobust.Domain.Tests.Experiments;

public sealed class SpecRulesTests
{
    [Fact]
    public void A_view_of_no_model_is_refused()
    {
        var problem = DemoSpec.Reading(s => s["views"]!["teacher-votes"]!["model"] = "cnj").Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe("$.views.teacher-votes.model");
        problem.Message.ShouldBe("no such model (did you mean 'cni'?)");
    }

    [Fact]
    public void An_evaluation_of_no_view_is_refused() =>
        DemoSpec.Reading(s => s["evaluations"]!["clean-cni"]!["view"] = "nobody").Problems.ShouldHaveSingleItem().Path.ShouldBe("$.evaluations.clean-cni.view");

    [Fact]
    public void A_name_of_half_a_megabyte_is_not_compared_letter_by_letter_with_every_other()
    {
        var problems = DemoSpec.Reading(s =>
        {
            for (var i = 0; i < 900; i++) s["views"]![$"view-{i}"] = s["views"]!["teacher-votes"]!.DeepClone();
            foreach (var (_, evaluation) in s["evaluations"]!.AsObject()) evaluation!["view"] = new string('x', 500_000);
        }).Problems;
        problems.Count.ShouldBeGreaterThan(1);
        problems.ShouldAllBe(problem => problem.Got.Length <= 60 && problem.Message == "no such view");
        problems[0].Expected.ShouldContain(" more");
    }

    [Fact]
    public void Names_without_end_are_not_all_repeated_with_every_problem()
    {
        var problems = DemoSpec.Reading(s =>
        {
            for (var i = 0; i < 900; i++) s["views"]![$"view-{i}"] = s["views"]!["teacher-votes"]!.DeepClone();
            for (var i = 0; i < 900; i++) s["evaluations"]![$"eval-{i}"] = new JsonObject { ["view"] = "nobody", ["images"] = 100 };
        }).Problems;
        problems.Count.ShouldBe(900);
        problems.Sum(problem => problem.ToString().Length).ShouldBeLessThan(2 << 20);
    }

    [Fact]
    public void A_spec_of_more_entries_or_jobs_than_can_be_meant_is_refused_before_it_is_planned()
    {
        DemoSpec.Reading(s =>
        {
            for (var i = 0; i < 1001; i++) s["evaluations"]![$"eval-{i}"] = new JsonObject { ["view"] = "nobody", ["images"] = 100 };
        }).Problems.ShouldHaveSingleItem().ToString().ShouldContain("at most 1000");
        var jobs = DemoSpec.Reading(s =>
        {
            (s["dataset"]!["name"], s["dataset"]!["testImages"], s["compute"]!["shardImages"]) = ("cifar10", 10_000, 256);
            for (var i = 0; i < 900; i++) s["evaluations"]![$"eval-{i}"] = new JsonObject { ["view"] = "teacher-votes", ["images"] = 10_000 - i };
            for (var i = 0; i < 900; i++) s["transfers"]![$"transfer-{i}"] = new JsonObject(s["transfers"]!.AsObject().First().Value!.DeepClone().AsObject().Select(field => KeyValuePair.Create(field.Key, field.Key == "images" ? 10_000 - i : field.Value?.DeepClone())));
        }).Problems.ShouldHaveSingleItem();
        jobs.Path.ShouldBe("$.compute.shardImages");
        jobs.Expected.ShouldContain("at most 50000: larger shards, or several experiments");
    }

    [Fact]
    public void A_teacher_taught_by_its_student_is_a_cycle()
    {
        var problem = DemoSpec.Reading(s =>
        {
            s["models"]!["cni"]!["weights"]!["distillation"] = s["models"]!["kd-votes"]!["weights"]!["distillation"]!.DeepClone();
            s["models"]!["cni"]!["weights"]!["distillation"]!["teacher"] = "kd-votes";
        }).Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe("$.models.cni.weights.distillation.teacher");
        problem.Got.ShouldBe("cni -> kd-votes -> cni");
    }

    [Fact]
    public void A_model_that_teaches_itself_is_a_cycle() =>
        DemoSpec.Reading(s => s["models"]!["kd-soft"]!["weights"]!["distillation"]!["teacher"] = "kd-soft")
            .Problems.ShouldHaveSingleItem().Got.ShouldBe("kd-soft -> kd-soft");

    [Fact]
    public void A_depth_no_wide_resnet_has_is_refused() =>
        DemoSpec.Reading(s => s["models"]!["cni"]!["architecture"]!["depth"] = 11).Problems.ShouldHaveSingleItem().Expected.ShouldStartWith("6n+4");

    [Fact]
    public void More_images_than_the_data_set_has_are_refused() =>
        DemoSpec.Reading(s => s["dataset"]!["trainImages"] = 2001).Problems.ShouldHaveSingleItem().Expected.ShouldBe("at most 2000");

    [Fact]
    public void More_images_than_the_experiment_uses_are_refused() =>
        DemoSpec.Reading(s => s["dataset"]!["testImages"] = 499).Problems.ShouldNotBeEmpty();

    [Fact]
    public void An_adversarial_part_that_never_begins_is_refused() =>
        DemoSpec.Reading(s => s["models"]!["cni"]!["weights"]!["adversarial"]!["fromEpoch"] = 12)
            .Problems.ShouldHaveSingleItem().Path.ShouldBe("$.models.cni.weights.adversarial.fromEpoch");

    [Fact]
    public void Restarts_from_one_point_are_refused() =>
        DemoSpec.Reading(s => s["transfers"]!["cni-8"]!["attack"]!["restarts"] = 2).Problems.ShouldHaveSingleItem().Expected.ShouldContain("randomStart");

    [Fact]
    public void KL_from_the_clean_image_is_refused() =>
        DemoSpec.Reading(s => s["transfers"]!["cni-8"]!["attack"]!["loss"] = "kl").Problems.ShouldHaveSingleItem().Path.ShouldBe("$.transfers.cni-8.attack.randomStart");

    [Fact]
    public void A_cell_of_no_result_is_refused() =>
        DemoSpec.Reading(s => s["tables"]![0]!["rows"]![0]!["cells"]![0]!["result"] = "cni-8/kd-votes")
            .Problems.ShouldHaveSingleItem().Path.ShouldBe("$.tables[0].rows[0].cells[0].result");

    [Fact]
    public void A_row_of_another_width_is_refused() =>
        DemoSpec.Reading(s => s["tables"]![1]!["rows"]![0]!["cells"]!.AsArray().RemoveAt(1)).Problems.ShouldHaveSingleItem().Path.ShouldBe("$.tables[1].rows[0].cells");

    [Fact]
    public void A_curve_nobody_measures_is_refused() =>
        DemoSpec.Reading(s => s["models"]!["kd-votes"]!["weights"]!["monitor"] = null).Problems.ShouldHaveSingleItem().Path.ShouldBe("$.figures[0].panels[0].series[0].accuracy");

    [Fact]
    public void Milestones_must_ascend() =>
        DemoSpec.Reading(s => s["models"]!["cni"]!["weights"]!["schedule"] = JsonNode.Parse("""{"kind":"multi-step","milestones":[8,4],"gamma":0.1}"""))
            .Problems.ShouldHaveSingleItem().Path.ShouldBe("$.models.cni.weights.schedule.milestones");

    [Fact]
    public void Part_weights_that_train_nothing_are_refused() =>
        DemoSpec.Reading(s =>
        {
            var distillation = s["models"]!["akd-votes"]!["weights"]!["distillation"]!;
            distillation["weight"] = 0;
            distillation["adversarialWeight"] = 0;
            distillation["reading"] = JsonNode.Parse("""{"kind":"part-weights","distilWeight":0.5}""");
        }).Problems.ShouldHaveSingleItem().Path.ShouldBe("$.models.akd-votes.weights.distillation.weight");
}
