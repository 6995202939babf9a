using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Learning.Data;

/// <summary>Reads a data set that a spec names, checked against <see cref="DatasetCatalog"/>.</summary>
internal static class DatasetReader
{
    /// <summary>
    /// The first <see cref="DatasetSpec.TrainImages"/> or <see cref="DatasetSpec.TestImages"/> images of a split.
    /// <paramref name="folder"/> holds the data sets' folders; it may be null for the synthetic set.
    /// </summary>
    /// <exception cref="RunInputException">The files are not there or not the canonical ones, or hold fewer images than asked for.</exception>
    public static LabelledImages Read(DatasetSpec spec, DataSplit split, string? folder)
    {
        var wanted = split == DataSplit.Train ? spec.TrainImages : spec.TestImages;
        var facts = DatasetCatalog.Of(spec.Name);
        var available = split == DataSplit.Train ? facts.TrainImages : facts.TestImages;
        if (wanted > available)
            throw new RunInputException($"{(split == DataSplit.Train ? "dataset.trainImages" : "dataset.testImages")}: {wanted}, but {NameOf(spec.Name)} has {available}");
        if (spec.Name == DatasetName.Synthetic) return SyntheticImages.Make(split, wanted);

        var files = split == DataSplit.Train ? facts.Train : facts.Test;
        if (FolderOf(facts, folder) is { } own) return Concatenate(own, files, wanted);
        var cifar10 = DatasetCatalog.Of(DatasetName.Cifar10);
        if (spec.Name == DatasetName.Cifar10Mini && FolderOf(cifar10, folder) is { } full) return CifarMini.Cut(full, split).First(wanted);
        throw new RunInputException(Missing(spec.Name, facts, folder));
    }

    /// <summary>True when <see cref="Read"/> would find files to look at, or needs none.</summary>
    public static bool IsThere(DatasetName name, string? folder) =>
        name == DatasetName.Synthetic
        || FolderOf(DatasetCatalog.Of(name), folder) is not null
        || (name == DatasetName.Cifar10Mini && FolderOf(DatasetCatalog.Of(DatasetName.Cifar10), folder) is not null);

    /// <summary>The first <paramref name="wanted"/> records of <paramref name="files"/>, one file after the other; files beyond them are not read.</summary>
    internal static LabelledImages Concatenate(string folder, IReadOnlyList<DatasetFile> files, int wanted)
    {
        var parts = new List<LabelledImages>();
        foreach (var file in files)
        {
            if (parts.Sum(p => p.Count) >= wanted) break;
            parts.Add(RecordFile.Read(folder, file));
        }
        return (parts.Count == 1
            ? parts[0]
            : new LabelledImages([.. parts.SelectMany(p => p.Pixels)], [.. parts.SelectMany(p => p.Labels)])).First(wanted);
    }

    static string? FolderOf(DatasetFacts facts, string? folder) =>
        folder is not null && Path.Combine(folder, facts.Folder) is var path && Directory.Exists(path) ? path : null;

    static string Missing(DatasetName name, DatasetFacts facts, string? folder)
    {
        var asked = name == DatasetName.Cifar10Mini
            ? $"'{facts.Folder}' or '{DatasetCatalog.Of(DatasetName.Cifar10).Folder}'"
            : $"'{facts.Folder}'";
        var where = folder is null ? "no data folder is known" : $"'{folder}' has no folder {asked}";
        return $"data set {NameOf(name)} not found: {where}. Set {DataFolder.Variable} (or --data) to the folder that holds {asked}, or use the synthetic set (dataset.name = synthetic)";
    }

    static string NameOf(DatasetName name) => name switch
    {
        DatasetName.Cifar10 => "cifar10",
        DatasetName.Cifar10Mini => "cifar10-mini",
        DatasetName.Synthetic => "synthetic",
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "unknown data set"),
    };
}
