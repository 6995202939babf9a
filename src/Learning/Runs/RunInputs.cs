using KdRobust.Domain.Runs;

namespace KdRobust.Learning.Runs;

/// <summary>Finds the files of a request by role.</summary>
internal static class RunInputs
{
    /// <summary>The file of a role.</summary>
    /// <exception cref="RunInputException">The request names none.</exception>
    public static string File(this RunRequest request, string role) =>
        request.Inputs.TryGetValue(role, out var path)
            ? path
            : throw new RunInputException($"{request.Name}: the input '{role}' is missing; it has {(request.Inputs.Count == 0 ? "none" : string.Join(", ", request.Inputs.Keys.Order(StringComparer.Ordinal)))}");
}
