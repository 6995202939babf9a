using KdRobust.Domain.Experiments;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Datasets;

/// <summary>A data set that specs may name.</summary>
/// <param name="Name">Its name in a spec.</param>
/// <param name="TrainImages">Training images there are; of the synthetic one, at most.</param>
/// <param name="TestImages">Test images there are; of the synthetic one, at most.</param>
/// <param name="Classes">Names of the classes, 0 to 9.</param>
/// <param name="Folder">The folder a worker looks for, below its data folder; empty where images are made rather than read.</param>
/// <param name="Files">The files in it.</param>
/// <param name="Version">Which content the name stands for; part of every fingerprint.</param>
sealed record DatasetResource(
    DatasetName Name, int TrainImages, int TestImages, IReadOnlyList<string> Classes, string Folder, IReadOnlyList<DatasetFileResource> Files, string Version);

/// <summary>A file of a data set.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Images">Images in it.</param>
/// <param name="Sha256">SHA-256 of its content, which every reader checks.</param>
sealed record DatasetFileResource(string Name, int Images, string Sha256);

/// <summary>The data sets that specs may name.</summary>
static class DatasetEndpoints
{
    public static void MapDatasets(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/datasets", List).WithTags("datasets").WithName("listDatasets").WithSummary("Data sets that specs may name, with the checksums that workers verify");

    static Ok<IReadOnlyList<DatasetResource>> List() => TypedResults.Ok<IReadOnlyList<DatasetResource>>([.. Enum.GetValues<DatasetName>().Select(Of)]);

    static DatasetResource Of(DatasetName name)
    {
        var facts = DatasetCatalog.Of(name);
        var files = facts.Folder.Length == 0 ? [] : facts.Train.Concat(facts.Test).Select(file => new DatasetFileResource(file.Name, file.Records, file.Sha256));
        return new(name, facts.TrainImages, facts.TestImages, DatasetCatalog.Classes, facts.Folder, [.. files], facts.Version);
    }
}
