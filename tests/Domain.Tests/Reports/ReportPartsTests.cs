using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Reports;
using KdRobust.Domain.Tests.Experiments;

namespace KdRobust.Domain.Tests.Reports;

/// <summary>What reports say beside bare numbers: intervals over draws, comparisons, curves of targets and over radii, selected epochs, imports.</summary>
public sealed class ReportPartsTests
{
    static readonly RunProvenance Provenance = new("test", "1.13.1", "openblas", "cpu", 1);
    static readonly DrawInterval Over = new(0.21, 0.59, 8, 1000);

    // The demo's spec, with curves of targets, and with what a test adds.
    static ExperimentSpec Spec(Func<ExperimentSpec, ExperimentSpec> change)
    {
        var spec = DemoSpec.Read();
        return change(spec with { Transfers = spec.Transfers.ToDictionary(t => t.Key, t => t.Value with { CurveDraws = t.Value.Targets.Count > 0 ? 4 : 0 }, StringComparer.Ordinal) });
    }

    static ExperimentReport Report(ExperimentSpec spec, double monitored = 0.25)
    {
        var plan = ExperimentPlan.Of(spec);
        return ExperimentReport.Of(spec, plan, plan.Jobs.ToDictionary(j => j.Key, j => (JobResult?)Of(j.Payload)), (_, series) => [new(0, series, 1, 40, monitored)]);
    }

    static JobResult Of(JobPayload payload) => payload switch
    {
        SmoothingEvalPayload e => new SmoothingEvalResult { Seconds = 1, Provenance = Provenance, Count = Count(e.Images, e.Draws, e.Images / 2, e.Images / 4) },
        TransferAttackPayload a => new TransferAttackResult
        {
            Seconds = 2, Provenance = Provenance, Images = a.Images, LargestPerturbation = 0, Survivors = [a.Images, 10, 5], CorrectAtStep = [a.Images, 12, 6],
            Targets = [.. a.Targets.Select(t => Count(a.Images, t.Draws, a.Images / 10, a.Images / 5))],
            TargetCurves = [.. a.Targets.Select((_, i) => new TargetCurve(4, [new(Aggregation.Votes, [a.Images, 20 + i, 10 + i]), new(Aggregation.MeanProbability, [a.Images, 40 + i, 30 + i])]))],
        },
        TrainPayload t => new TrainResult { Seconds = 3, Provenance = Provenance, Epochs = t.Training.Epochs, Parameters = 1, FinalLoss = 1, FinalTrainAccuracy = .5, Selected = new(7, 0.44, 250) },
        _ => new ImportResult { Source = "PyTorch legacy file, state_dict", Seconds = 4, Provenance = Provenance, Parameters = 270_000, Mapped = [new("module.conv1.weight", "conv1.weight")], Skipped = ["module.num_batches"] },
    };

    static AggregatedCount Count(int images, int draws, int votes, int soft) => new(images, draws, draws > 1 ? draws * 0.75 : draws,
        [new(Aggregation.Votes, ImageSet.FirstOf(votes, images), draws > 1 ? Over : null), new(Aggregation.MeanProbability, ImageSet.FirstOf(soft, images), null)]);

    [Fact]
    public void A_random_views_interval_is_the_one_over_draws_and_says_so()
    {
        var report = Report(Spec(s => s));
        var votes = report.Records.Single(r => r.Id == "clean-teacher-votes");
        votes.Shown.Lower.ShouldBe(21, 1e-9);
        votes.Shown.Upper.ShouldBe(59, 1e-9);
        votes.Lower.ShouldBe(45.63, 0.01, "Wilson stands beside it");
        votes.ExactLower.ShouldBe(45.53, 0.01, "and Clopper-Pearson, which is the wider");
        var text = TextTable.Plain(report.Tables[1], synthetic: false);
        text.ShouldContain("50.0 [21.0, 59.0]*");
        text.ShouldContain("25.0 [21.4, 29.0]");
        text.ShouldNotContain("29.0]*");
        text.ShouldContain("n = 500 images, M = 1 or 64 draws (48 asked on average where fewer were enough), seed 1");
        text.ShouldContain("those marked * over images and draws together (two-level bootstrap of images and up to 8 groups of draws), the others Wilson's, over images");
    }

    [Fact]
    public void Without_intervals_over_draws_no_mark_is_explained()
    {
        var report = Report(Spec(s => s));
        var table = report.Tables[0] with { Rows = [report.Tables[0].Rows[3]] };
        TextTable.Footnote(table).ShouldEndWith("95 % intervals: Wilson's, over images");
    }

    static ComparisonSpec Pair(string id, ComparisonTestSpec test) => new() { Id = id, Title = "votes against soft", First = "clean-teacher-votes", Second = "clean-teacher-soft", Test = test };

    [Fact]
    public void Comparisons_count_the_discordant_images_and_judge()
    {
        var report = Report(Spec(s => s with { Comparisons = [Pair("a", new McNemarSpec()), Pair("b", new EquivalenceSpec { Margin = 1 }), Pair("c", new EquivalenceSpec { Margin = 40 })] }));
        var (different, wide) = (report.Comparisons[0].Outcome!, report.Comparisons[2].Outcome!);
        (different.Images, different.OnlyFirst, different.OnlySecond, different.Difference, different.Confidence).ShouldBe((500, 125, 0, 25, 95));
        different.Verdict.ShouldBe("different");
        different.P.ShouldBeLessThan(1e-30);
        different.Lower.ShouldBeInRange(20, 25);
        report.Comparisons[1].Outcome!.Verdict.ShouldBe("equivalence not shown");
        wide.Verdict.ShouldBe("equivalent within 40 points");
        wide.Confidence.ShouldBe(90);
        wide.P.ShouldBe(Math.Max(wide.PAboveLower!.Value, wide.PBelowUpper!.Value));

        var plain = PlainReport.Of(report);
        plain.ShouldContain("votes against soft");
        plain.ShouldContain("equivalence within 1 point");
        plain.ShouldContain("+25.00 [");
        plain.ShouldContain("< 0.0001");
        ComparisonText.Markdown(report.Comparisons, false).ShouldContain("| 500 | 125 | 0 |");
    }

    [Fact]
    public void Equal_answers_are_no_difference_and_equivalent()
    {
        var same = ImageSet.FirstOf(300, 1000);
        ComparisonOutcome.Of(new McNemarSpec(), same, same, 1000).Verdict.ShouldBe("no difference shown");
        ComparisonOutcome.Of(new EquivalenceSpec { Margin = 1 }, same, same, 1000).Verdict.ShouldBe("equivalent within 1 point");
        ComparisonOutcome.Of(new EquivalenceSpec { Margin = 1 }, same, same, 100).Verdict.ShouldBe("equivalence not shown", "a hundred images are too few");
    }

    [Fact]
    public void A_comparison_waits_for_both_results()
    {
        var spec = Spec(s => s with { Comparisons = [Pair("a", new McNemarSpec()) with { Second = "clean-akd-votes" }] });
        var plan = ExperimentPlan.Of(spec);
        var missing = plan.Results["clean-akd-votes"].Job;
        var report = ExperimentReport.Of(spec, plan, plan.Jobs.ToDictionary(j => j.Key, j => j.Key == missing ? null : Of(j.Payload)), (_, _) => []);
        report.Comparisons.Single().Outcome.ShouldBeNull();
        ComparisonText.Plain(report.Comparisons, false).ShouldContain("not measured yet");
    }

    static FigureSpec Figure(params SeriesSpec[] series) => new() { Id = "own", Title = "own", Panels = [new PanelSpec { Title = "p", Series = series }] };

    [Fact]
    public void Curves_of_targets_take_the_views_aggregation()
    {
        var report = Report(Spec(s => s with
        {
            Figures = [Figure(
                new TargetStepSeriesSpec { Label = "votes", Transfer = "cni-8", Target = "teacher-votes" },
                new TargetStepSeriesSpec { Label = "soft", Transfer = "cni-8", Target = "teacher-soft" })],
        }));
        var panel = report.Figures.Single().Panels.Single();
        panel.XAxis.ShouldBe(ReportAxis.Iteration);
        panel.Series[0].Points[1].ShouldSatisfyAllConditions(p => p.X.ShouldBe(1), p => p.Y.ShouldBe(100.0 * 20 / p.Images), p => p.Lower.ShouldBeLessThan(p.Y), p => p.Upper.ShouldBeGreaterThan(p.Y));
        panel.Series[1].Points[1].Y.ShouldBe(100.0 * 40 / panel.Series[1].Points[1].Images);
    }

    [Fact]
    public void Curves_over_epsilon_are_ordered_and_in_255ths()
    {
        var report = Report(Spec(s => s with
        {
            Transfers = new Dictionary<string, TransferSpec>(s.Transfers, StringComparer.Ordinal) { ["cni-2"] = s.Transfers["cni-8"] with { Attack = s.Transfers["cni-8"].Attack with { Epsilon = Fraction.Of(2, 255) } } },
            Figures = [Figure(new EpsilonSeriesSpec { Label = "votes", Results = ["cni-8/teacher-votes", "cni-2/teacher-votes"] })],
        }));
        var panel = report.Figures.Single().Panels.Single();
        panel.XAxis.ShouldBe(ReportAxis.EpsilonLinf);
        panel.Series[0].Points.Select(p => Math.Round(p.X, 9)).ShouldBe([2, 8]);
        panel.Series[0].Points[0].Lower.ShouldBe(21, 1e-9, "the interval that tables show");
    }

    [Fact]
    public void An_l2_attacks_radius_is_in_pixel_units()
    {
        var report = Report(Spec(s => s with
        {
            Transfers = s.Transfers.ToDictionary(t => t.Key, t => t.Key != "cni-8" ? t.Value : t.Value with { Attack = t.Value.Attack with { Norm = AttackNorm.L2, Epsilon = Fraction.Of(0.5) } }, StringComparer.Ordinal),
            Figures = [Figure(new EpsilonSeriesSpec { Label = "votes", Results = ["cni-8/teacher-votes"] })],
        }));
        report.Figures.Single().Panels.Single().XAxis.ShouldBe(ReportAxis.EpsilonL2);
        report.Figures.Single().Panels.Single().Series[0].Points.Single().X.ShouldBe(0.5);
    }

    [Fact]
    public void A_panel_without_a_common_axis_is_refused()
    {
        var spec = Spec(s => s with
        {
            Figures = [Figure(new EpsilonSeriesSpec { Label = "votes", Results = ["cni-8/teacher-votes"] }, new StepSeriesSpec { Label = "k", Transfer = "cni-8", Curve = StepCurve.Current })],
        });
        SpecRules.Check(spec).ShouldHaveSingleItem().ToString().ShouldContain("$.figures[0].panels[0].series: its lines have no axes in common");
    }

    [Fact]
    public void Monitored_points_carry_wilsons_interval_over_the_monitors_images()
    {
        var point = Report(Spec(s => s)).Figures.Single(f => f.Id == "fig1").Panels[0].Series[0].Points.Single();
        (point.Y, point.Images).ShouldBe((25, 100));
        point.Lower.ShouldBe(17.55, 0.01); // 25 of 100.
        point.Upper.ShouldBe(34.30, 0.01);
    }

    [Fact]
    public void A_points_per_cent_is_that_of_its_count_without_the_last_bit_of_a_share() =>
        Report(Spec(s => s), monitored: 0.29).Figures.Single(f => f.Id == "fig1").Panels[0].Series[0].Points.Single().Y.ShouldBe(29.0);

    [Fact]
    public void Trainings_name_the_selected_epoch_and_imports_their_mapping_and_the_expectation_is_passed_on()
    {
        var expected = new ExpectationsSpec { Numbers = "45 % clean", Petaflops = 0.3, Time = "8 min", Memory = "1 GB" };
        var report = Report(Spec(s => s with
        {
            Expected = expected,
            Models = s.Models.ToDictionary(m => m.Key, m => m.Key != "cni" ? m.Value : m.Value with { Weights = new ImportSpec { Sha256 = new string('a', 64), Rename = [], Skip = [] } }, StringComparer.Ordinal),
        }));
        report.Expected.ShouldBe(expected);
        report.Jobs.Single(j => j.Key == "train/kd-votes").Selected.ShouldBe(new SelectedEpoch(7, 0.44, 250));
        var import = report.Jobs.Single(j => j.Key == "import/cni").Import!;
        import.Mapped.ShouldBe([new MappedKey("module.conv1.weight", "conv1.weight")]);
        import.Skipped.ShouldBe(["module.num_batches"]);
    }

    [Fact]
    public void A_report_is_the_same_after_it_went_through_JSON()
    {
        var report = Report(Spec(s => s with { Comparisons = [Pair("b", new EquivalenceSpec { Margin = 1 })] }));
        var text = System.Text.Json.JsonSerializer.Serialize(report, SpecJson.Indented);
        var back = System.Text.Json.JsonSerializer.Deserialize<ExperimentReport>(text, SpecJson.Options)!;
        System.Text.Json.JsonSerializer.Serialize(back, SpecJson.Indented).ShouldBe(text);
        PlainReport.Of(back).ShouldBe(PlainReport.Of(report));
        text.ShouldContain("\"xAxis\": \"k\"");
    }

    static FigureSpec Agreement(params SeriesSpec[] series) => new() { Id = "agreement", Title = "agreement", Panels = [new PanelSpec { Title = "p", Series = series }] };

    [Fact]
    public void Agreement_with_the_teacher_is_a_curve_over_the_images_trained_on()
    {
        var panel = Report(Spec(s => s with { Figures = [Agreement(new TeacherAgreementSeriesSpec { Label = "student", Model = "kd-votes" })] })).Figures[0].Panels[0];
        (panel.XAxis, panel.YAxis).ShouldBe((ReportAxis.Epoch, ReportMeasure.TeacherAgreement));
        var demo = DemoSpec.Read();
        var heldOut = ((TrainingSpec)demo.Models["kd-votes"].Weights).Selection is { From: SelectionSet.HeldOut } selection ? selection.Images : 0;
        var point = panel.Series[0].Points.ShouldHaveSingleItem();
        (point.X, point.Y, point.Images).ShouldBe((1, 25, demo.Dataset.TrainImages - heldOut));
    }

    [Fact]
    public void A_model_without_a_teacher_has_no_agreement_and_agreement_shares_no_axes_with_accuracy()
    {
        var problems = SpecRules.Check(DemoSpec.Read() with
        {
            Figures = [Agreement(new TeacherAgreementSeriesSpec { Label = "a", Model = "cni" }, new EpochSeriesSpec { Label = "b", Model = "kd-votes", Accuracy = MonitoredAccuracy.Clean })],
        });
        problems.Select(p => p.Path).ShouldBe(["$.figures[0].panels[0].series", "$.figures[0].panels[0].series[0].model"]);
        problems[1].Message.ShouldContain("not distilled");
    }
}
