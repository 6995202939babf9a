using System.Xml.Linq;
using KdRobust.Api.Reports;
using KdRobust.Api.Tests.Samples;
using KdRobust.Domain.Experiments;

namespace KdRobust.Api.Tests.Reports;

public sealed class HtmlReportTests
{
    static string Page(ExperimentSpec spec, string? failed = null, params string[] without)
    {
        var (report, context) = SampleResults.Report(spec, SmallSpec.Text, failed, without);
        return HtmlReport.Write(report, context);
    }

    /// <summary>The page's body as a tree: it is written so that it is well-formed.</summary>
    static XElement Body(string page) => XElement.Parse(page[page.IndexOf("<body>", StringComparison.Ordinal)..page.IndexOf("</html>", StringComparison.Ordinal)].Replace("&nbsp;", " "));

    static IEnumerable<XElement> All(XElement body, string name, string? @class = null) =>
        body.Descendants(name).Where(e => @class is null || ((string?)e.Attribute("class") ?? "").Split(' ').Contains(@class));

    [Fact]
    public void Every_cell_shows_the_paper_ours_the_interval_n_and_M()
    {
        var body = Body(Page(SmallSpec.Spec));
        var row = All(body, "table", "results").First().Element("tbody")!.Elements("tr").First().Elements("td").Select(td => td.Value).ToList();
        row[0].ShouldBe("Smooth prediction smoothing");
        row[1].ShouldBe("88.68");
        row[2].ShouldBe("39.0[30.0, 48.8]n = 100, M = 4"); // Wilson: 39 of 100.
    }

    [Fact]
    public void The_page_needs_no_other_file_and_no_script()
    {
        var page = Page(SmallSpec.Spec);
        var body = Body(page);
        body.Descendants().Attributes().Where(a => a.Name == "src" || a.Name == "href" || a.Name.LocalName.StartsWith("on", StringComparison.Ordinal)).ShouldBeEmpty();
        page.ShouldNotContain("<script");
        page.ShouldNotContain("<link");
        page.ShouldNotContain("url(");
        page.ShouldNotContain("@import");
    }

    [Fact]
    public void Each_panel_draws_one_line_a_series_through_all_its_points()
    {
        var body = Body(Page(SmallSpec.Spec));
        var panels = All(body, "svg", "panel").ToList();
        panels.Count.ShouldBe(SmallSpec.Spec.Figures.Sum(f => f.Panels.Count));
        var lines = All(panels[0], "path", "line").Select(p => (string)p.Attribute("d")!).ToList();
        lines.Count.ShouldBe(2);
        foreach (var line in lines)
        {
            line.Count(c => c == 'M').ShouldBe(1);
            line.Count(c => c == 'L').ShouldBe(2, "three epochs are three points");
        }
        panels[0].Element("desc")!.Value.ShouldStartWith("teacher: ");
    }

    [Fact]
    public void Text_of_the_spec_cannot_become_markup()
    {
        var spec = SmallSpec.Spec with { Title = "<script>alert(1)</script> & more", Notes = ["a < b \"quoted\" 'too'"] };
        var page = Page(spec);
        page.ShouldNotContain("<script>alert");
        Body(page).Descendants("h1").Single().Value.ShouldBe("<script>alert(1)</script> & more");
        All(Body(page), "ul", "notes").Single().Value.Trim().ShouldBe("a < b \"quoted\" 'too'");
    }

    [Fact]
    public void Synthetic_images_are_called_so_above_every_table_and_figure()
    {
        var body = Body(Page(SmallSpec.Spec));
        foreach (var caption in All(body, "table", "results").Select(t => t.Element("caption")!).Concat(body.Descendants("figcaption")))
            caption.Value.ShouldContain("synthetic images, not CIFAR-10");

        var real = SmallSpec.Spec with { Dataset = SmallSpec.Spec.Dataset with { Name = DatasetName.Cifar10Mini } };
        Page(real).ShouldNotContain("synthetic images");
    }

    [Fact]
    public void An_unfinished_experiment_says_so_and_shows_no_invented_number()
    {
        var body = Body(Page(SmallSpec.Spec, without: ["attack/student-pgd"]));
        All(body, "p", "warning").Last().Value.ShouldStartWith("Not complete: ");
        All(body, "td", "missing").Select(td => td.Value).ShouldContain("not measured");
        All(body, "text", "empty").Single().Value.ShouldBe("not measured yet");
    }

    [Fact]
    public void A_failed_job_is_named_with_its_reason()
    {
        var body = Body(Page(SmallSpec.Spec, failed: "train/student"));
        All(body, "p", "warning").Last().Value.ShouldContain("Failed: train student: train.bin is cut short at byte 3073");
    }

    [Fact]
    public void Jobs_are_listed_with_seconds_and_fingerprints_and_summed()
    {
        var (report, context) = SampleResults.Report(SmallSpec.Spec, SmallSpec.Text);
        var body = Body(HtmlReport.Write(report, context));
        var table = All(body, "section").Single(s => s.Element("h2")!.Value == "Jobs").Descendants("table").Single();
        table.Element("tbody")!.Elements("tr").Count().ShouldBe(report.Jobs.Count);
        table.Descendants("code").Select(c => (string)c.Attribute("title")!).ShouldBe(report.Jobs.Select(j => j.Fingerprint));
        table.Element("tfoot")!.Descendants("td").ElementAt(1).Value.ShouldBe(report.Jobs.Sum(j => j.Seconds!.Value).ToString("0.0", System.Globalization.CultureInfo.InvariantCulture));
    }

    static XElement FullBody(params string[] without)
    {
        var (report, context) = SampleResults.Report(FullSpec.Spec, FullSpec.Text, null, without);
        return Body(HtmlReport.Write(report, context));
    }

    [Fact]
    public void Random_views_show_the_interval_over_draws_with_a_mark_and_a_footnote()
    {
        var table = All(FullBody(), "div", "table").First();
        table.Descendants("tbody").Single().Elements("tr").First().Elements("td").ElementAt(2).Value.ShouldBe("39.5[33.5, 45.5]*n = 400, M = 64"); // 0.395 -+ 0.06.
        All(table, "p", "foot").Single().Value.ShouldContain("those marked * over images and draws together");
    }

    [Fact]
    public void Comparisons_have_a_verdict_each()
    {
        var rows = FullBody().Descendants("section").Single(s => (string?)s.Attribute("id") == "comparisons").Descendants("tbody").Single().Elements("tr").ToList();
        rows.Select(r => r.Elements("td").ElementAt(2).Value).ShouldBe(["no difference shown", "equivalence not shown", "equivalent within 2.5 points"]);
        FullBody("attack/kd-8").Descendants("section").Single(s => (string?)s.Attribute("id") == "comparisons").Descendants("td").Select(d => d.Value).ShouldContain("not measured");
    }

    [Fact]
    public void Every_line_has_a_band()
    {
        foreach (var panel in All(FullBody(), "svg", "panel"))
            All(panel, "path", "band").Count().ShouldBe(All(panel, "path", "line").Count(), (string?)panel.Element("title"));
    }

    [Fact]
    public void Expectations_selected_epochs_and_import_mappings_are_shown()
    {
        var text = FullBody().Value;
        text.ShouldContain("12 minutes on two cores");
        text.ShouldContain("best: epoch 17, 41.25 % of 400 selecting images");
        text.ShouldContain("module.conv1.weight");
        text.ShouldContain("269722 parameters, 3 tensors read, 1 left out");
    }
}
