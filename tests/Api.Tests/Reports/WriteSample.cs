namespace KdRobust.Api.Tests.Reports;
public sealed class WriteSample
{
    [Fact] public void Write() { var p = Environment.GetEnvironmentVariable("SAMPLE_OUT"); if (p is null) return;
      var text = File.ReadAllText(Environment.GetEnvironmentVariable("SAMPLE_SPEC") ?? Path.Combine(AppContext.BaseDirectory,"Samples","small.json"));
      var r = KdRobust.Domain.Experiments.SpecReader.Read(text); r.Problems.ShouldBeEmpty();
      var (a,b) = Samples.SampleResults.Report(r.Spec!, text); File.WriteAllText(p, KdRobust.Api.Reports.HtmlReport.Write(a,b)); }
}
