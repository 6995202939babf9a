using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Distillation;
using KdRobust.Learning.Evaluation;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Runs;
using static TorchSharp.torch;

namespace KdRobust.Learning.Training;

/// <summary>Opens the teacher of a training from its inputs.</summary>
internal static class TeacherSource
{
    /// <summary>The input that holds the teacher: labels, or weights when it is asked online; null without distillation.</summary>
    public static string? RoleOf(TrainingSpec spec) => spec.Distillation?.Labels switch
    {
        null => null,
        OnlineLabelsSpec => InputRoles.Teacher,
        _ => InputRoles.Labels,
    };

    /// <summary>The teacher, or null without distillation.</summary>
    /// <exception cref="RunInputException">Its input is missing, malformed, or of other images or another network.</exception>
    public static ITeacher? Open(RunRequest request, TrainPayload payload, LabelledImages images, Device device)
    {
        if (payload.Training.Distillation is not { } spec) return null;
        var path = request.File(RoleOf(payload.Training)!);
        var aggregation = payload.LabelAggregation ?? throw new ArgumentException("a distilling training names no aggregation of its teacher", nameof(payload));
        if (spec.Labels is OnlineLabelsSpec)
        {
            var shape = payload.Teacher ?? throw new ArgumentException("a training that asks its teacher online does not say how", nameof(payload));
            var seeds = new SeedTree(payload.Seed);
            return new OnlineTeacher(TrainedNetwork.Load(shape.Network, path, seeds, device), shape, aggregation, spec, seeds);
        }
        using var scope = NewDisposeScope();
        var views = spec.Labels is CachedLabelsSpec { Views: > 0 and var count } ? new LabelViews(payload.Training.Augmentation, count) : null;
        return new CachedTeacher(TeacherLabels.Read(path, aggregation, payload.Dataset, views, payload.Seed, images.Labels, device), spec);
    }
}
