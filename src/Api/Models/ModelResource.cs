using KdRobust.Persistence.Models;

namespace KdRobust.Api.Models;

/// <summary>An uploaded file of weights.</summary>
/// <param name="Sha256">SHA-256 of its content: how a spec names it.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Bytes">Length.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="CreatedAt">When it was uploaded.</param>
sealed record ModelResource(string Sha256, string Name, long Bytes, string Owner, DateTimeOffset CreatedAt)
{
    public static ModelResource Of(ModelFile file) => new(file.Sha256, file.Name, file.Bytes, file.Owner, file.CreatedAt);
}
