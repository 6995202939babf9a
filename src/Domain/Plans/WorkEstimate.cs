using System.Globalization;

namespace KdRobust.Domain.Plans;

/// <summary>How long work will take, and why one thinks so; never a guess.</summary>
/// <param name="Seconds">Seconds of computing; null without a basis.</param>
/// <param name="Basis">What it rests on, in words; <c>no basis</c> when nothing like it was computed.</param>
public sealed record WorkEstimate(double? Seconds, string Basis)
{
    /// <summary>Said of work nothing like which has finished.</summary>
    public const string NoBasis = "no basis";

    /// <summary>The median seconds a pass of what was measured of the same sort, times the passes.</summary>
    public static WorkEstimate Of(WorkUnits work, IEnumerable<MeasuredWork> measured)
    {
        var rates = measured.Where(m => m.Work.Sort == work.Sort && m.Work.Passes > 0).Select(m => m.Seconds / m.Work.Passes).Order().ToList();
        if (rates.Count == 0) return new(null, NoBasis);
        var median = (rates[(rates.Count - 1) / 2] + rates[rates.Count / 2]) / 2;
        return new(median * work.Passes, string.Create(CultureInfo.InvariantCulture, $"median of {rates.Count} finished job(s): {work.Sort}"));
    }
}
