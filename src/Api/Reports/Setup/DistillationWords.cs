using System.Globalization;
using KdRobust.Domain.Experiments;
using static KdRobust.Api.Reports.Setup.SpecWords;

namespace KdRobust.Api.Reports.Setup;

/// <summary>A distillation in words.</summary>
static class DistillationWords
{
    public static string Of(DistillationSpec d) => Join("; ",
        $"from {d.Teacher}", Labels(d.Labels),
        d.Order == LabelOrder.Image ? "every image has its own label" : "labels in the order of the data file",
        $"D {Kebab(d.Variant)}: {Distance(d.Variant)}", $"T = {Number(d.Temperature)}",
        d.TemperFloor is { } floor ? $"h softened too, with floor {Number(floor)}" : "h as it is",
        $"w = {Number(d.Weight)}, w' = {Number(d.AdversarialWeight)}", Reading(d.Reading));

    static string Labels(LabelSourceSpec labels) => labels switch
    {
        CachedLabelsSpec { Views: 0 } => "asked once about the un-augmented images",
        CachedLabelsSpec c => string.Create(CultureInfo.InvariantCulture, $"asked once about {c.Views} fixed augmentation(s) of each image, which are trained on"),
        OnlineLabelsSpec o => string.Create(CultureInfo.InvariantCulture, $"asked in every step by {o.Draws} fresh draw(s)"),
        _ => throw new ArgumentOutOfRangeException(nameof(labels), labels.GetType().Name, "no words for these labels"),
    };

    static string Distance(DistillationVariant variant) => variant switch
    {
        DistillationVariant.Correct => "−Σ h log softmax(z/T)", DistillationVariant.Kl => "Σ h log(h / softmax(z/T))", DistillationVariant.MseProb => "‖softmax(z/T) − h‖²",
        DistillationVariant.AsCoded => "−Σ softmax(z/T) log softmax(softmax(h/T))",
        _ => throw new ArgumentOutOfRangeException(nameof(variant), variant, "no words for this distance"),
    };

    static string Reading(LossReadingSpec reading) => reading switch
    {
        AsCodedReadingSpec => "weights read as coded (R1): (1−a) and a weigh the clean and the perturbed part",
        TeacherOnAdversarialReadingSpec => "R2: the teacher is asked about the perturbed image for the perturbed part",
        UnscaledReadingSpec => "R3: both parts unscaled",
        PartWeightsReadingSpec p => $"R4: w and w' weigh the parts, distil weight v = {Number(p.DistilWeight)} inside both",
        _ => throw new ArgumentOutOfRangeException(nameof(reading), reading.GetType().Name, "no words for this reading"),
    };
}
