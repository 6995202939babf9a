using System.Globalization;
using System.Text.Json;
using KdRobust.Api.Access;
using KdRobust.Api.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Hosting;

/// <summary>Reads the values of a query one by one; the first that is wrong is told with what was expected.</summary>
sealed class QueryText
{
    const int Longest = 200;

    /// <summary>What is wrong; null while nothing is.</summary>
    public ProblemHttpResult? Refused { get; private set; }

    /// <summary>One of an enumeration's names, as the interface writes them; null when not given.</summary>
    public T? OneOf<T>(string name, string? text) where T : struct, Enum
    {
        if (text is null) return null;
        foreach (var value in Enum.GetValues<T>())
            if (Written(value) == text) return value;
        Refuse($"{name} is '{Cut(text)}'; expected one of {string.Join(", ", Enum.GetValues<T>().Select(Written))}");
        return null;
    }

    /// <summary>A moment; null when not given.</summary>
    public DateTimeOffset? Time(string name, string? text)
    {
        if (text is null) return null;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)) return time.ToUniversalTime();
        Refuse($"{name} is '{Cut(text)}'; expected a time such as 2026-11-27T17:00:00Z");
        return null;
    }

    /// <summary>Some text of at most 200 printable characters; null when not given.</summary>
    public string? Text(string name, string? text)
    {
        if (text is null) return null;
        if (text.Length is > 0 and <= Longest && !text.Any(char.IsControl)) return text;
        Refuse(string.Create(CultureInfo.InvariantCulture, $"{name} has {text.Length} characters{(text.Any(char.IsControl) ? ", some of them control characters" : "")}; expected 1 to {Longest} printable ones"));
        return null;
    }

    /// <summary>Whose things are wanted: the named owner's, for who may see them; else the caller's own, or everybody's for an admin.</summary>
    public string? Owner(System.Security.Claims.ClaimsPrincipal user, string? owner)
    {
        if (Text("owner", owner) is not { } named) return user.Sees();
        if (user.Sees() is { } own && own != named)
            Refused ??= Refusal.As(ProblemKind.RoleTooSmall, $"owner is '{named}'; this key sees only the things of {own}");
        return named;
    }

    void Refuse(string detail) => Refused ??= Refusal.As(ProblemKind.BadRequest, detail);

    static string Written<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    static string Cut(string text) => text.Length <= Longest ? text : text[..Longest] + "...";
}
