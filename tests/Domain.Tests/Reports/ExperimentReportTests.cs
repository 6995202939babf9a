using KdRobust.Domain.Tests.Experiments;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Reports;
using KdRobust.Domain.Statistics;

namespace KdRobust.Domain.Tests.Reports;

public sealed class ExperimentReportTests
{
    static readonly RunProvenance Provenance = new("test", "1.13.1", "openblas", "cpu", 1);

    static ExperimentReport Report(Func<PlannedJob, bool> done, int? shardImages = null)
    {
        var demo = DemoSpec.Read();
        var spec = demo with { Compute = demo.Compute with { ShardImages = shardImages } };
        var plan = ExperimentPlan.Of(spec);
        var results = plan.Jobs.Where(done).ToDictionary(j => j.Key, j => (JobResult?)(((j.Payload as MergePayload)?.Whole ?? j.Payload) switch
        {
            SmoothingEvalPayload e => new SmoothingEvalResult { Seconds = 1, Provenance = Provenance, Count = new AggregatedCount(e.Images, e.Draws, e.Draws, [new(Aggregation.Votes, ImageSet.FirstOf(e.Images / 2, e.Images), null), new(Aggregation.MeanProbability, ImageSet.FirstOf(e.Images / 4, e.Images), null)]) },
            TransferAttackPayload a => new TransferAttackResult
            {
                Seconds = 2, Provenance = Provenance, Images = a.Images, TargetCurves = [], LargestPerturbation = 0,
                Survivors = [.. Enumerable.Range(0, 11).Select(k => a.Images - 10 * k)], CorrectAtStep = [.. Enumerable.Repeat(a.Images / 5, 11)],
                Targets = [.. a.Targets.Select(t => new AggregatedCount(a.Images, t.Draws, t.Draws, [new(Aggregation.Votes, ImageSet.FirstOf(a.Images / 10, a.Images), null), new(Aggregation.MeanProbability, ImageSet.FirstOf(a.Images / 5, a.Images), null)]))],
            },
            _ => new TrainResult { Seconds = 3, Provenance = Provenance, Epochs = 12, Parameters = 1, FinalLoss = 1, FinalTrainAccuracy = .5, Selected = null },
        }));
        return ExperimentReport.Of(spec, plan, results, (job, series) => [new(0, series, 1, 40, 0.25)]);
    }

    [Fact]
    public void Every_cell_has_its_own_number()
    {
        var report = Report(_ => true);
        report.Complete.ShouldBeTrue();
        report.Tables.SelectMany(t => t.Rows).SelectMany(r => r.Cells).ShouldAllBe(c => c.Ours != null);
        var table2 = report.Tables[1];
        table2.Rows[0].Cells.Select(c => c.Ours!.Accuracy).ShouldBe([50, 10]);
        table2.Rows[1].Cells.Select(c => c.Ours!.Accuracy).ShouldBe([25, 20]);
        table2.Rows[0].Cells[1].Ours!.Draws.ShouldBe(64);
        report.Tables[2].Rows.Count.ShouldBe(9);
    }

    [Fact]
    public void A_report_is_the_same_however_work_was_cut_but_for_the_count_of_shards()
    {
        var (whole, cut) = (Report(_ => true), Report(job => job.ShardOf is null, shardImages: 512));
        cut.Complete.ShouldBeTrue("only merges count");
        CanonicalJson.Of(cut with { Jobs = [], Fingerprint = "" }).ShouldBe(CanonicalJson.Of(whole with { Jobs = [], Fingerprint = "" }));
        cut.Jobs.Select(job => job with { Shards = 0 }).ShouldBe(whole.Jobs);
        cut.Jobs.Single(job => job.Key == "labels/teacher-labels-votes").KindInWords.ShouldBe("smoothing-eval x 4 shards");
        whole.Jobs.ShouldAllBe(job => job.KindInWords == job.Kind);
    }

    [Fact]
    public void What_is_not_measured_yet_is_a_dash_and_the_rest_stands()
    {
        var report = Report(j => j.Payload is not TransferAttackPayload);
        report.Complete.ShouldBeFalse();
        var plain = TextTable.Plain(report.Tables[1], report.Synthetic);
        plain.ShouldContain("88.68");
        plain.ShouldContain("50.0 [45.6, 54.4]");
        report.Tables[1].Rows[0].Cells[1].Ours.ShouldBeNull();
        report.Figures.Single(f => f.Id == "fig4").Panels[0].Series[0].Points.ShouldBeEmpty();
        report.Figures.Single(f => f.Id == "fig1").Panels[0].Series[0].Points.ShouldHaveSingleItem().Y.ShouldBe(25);
    }

    [Fact]
    public void Curves_over_k_begin_at_zero()
    {
        var points = Report(_ => true).Figures.Single(f => f.Id == "fig5").Panels[1].Series[0].Points;
        points.Count.ShouldBe(11);
        points[0].ShouldBe(new ReportPoint(0, 100, 100 * WilsonInterval.Of(points[0].Images, points[0].Images).Lower, 100, points[0].Images));
    }

    [Fact]
    public void Synthetic_images_are_named_in_every_table()
    {
        var report = Report(_ => true);
        TextTable.Markdown(report.Tables[0], synthetic: true).ShouldContain("SYNTHETIC");
        TextTable.Markdown(report.Tables[0], synthetic: false).ShouldNotContain("SYNTHETIC");
    }
}
